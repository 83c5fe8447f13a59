"""The pages of django-helpdesk. fill() writes its knowledge base: as many items as we have problems, by topic."""

from django.urls import include, path

TOPICS, ITEMS = 8, 2
ANSWER = "Wait as long as the screen said, and do not try again before that. Then call the desk, which can unlock it. "


def fill() -> None:
    from helpdesk.models import KBCategory, KBItem

    for topic in range(TOPICS):
        about = {
            "slug": f"topic-{topic}",
            "name": f"Topic {topic}",
            "title": f"Topic {topic}",
            "description": "What to do when you cannot get in.",
        }
        category = KBCategory.objects.create(**about)
        for item in range(ITEMS):
            asked = {"title": f"Problem {item}", "question": f"What do I do about problem {item}?"}
            KBItem.objects.create(category=category, order=item, answer=ANSWER, **asked)


urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]
