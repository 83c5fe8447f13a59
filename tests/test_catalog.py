"""The loader, on copies of the content with one slip in them: each names the file, the key and the remedy."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from helpdesk import organization
from helpdesk.catalog import load
from helpdesk.organization import Desk, Desks, Organization
from helpdesk.records import CONTENT, ContentError, parse

EXAMPLE = organization.load(CONTENT / "organization.example.toml")


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A copy of the content that a test may spoil."""
    return shutil.copytree(CONTENT, tmp_path / "content")


@pytest.fixture
def faults(content: Path) -> Callable[..., list[str]]:
    """Spoils files of the copy: `old` becomes `new`, or `new` is added at the end; then says what load says."""

    def spoilt(*slips: tuple[str, str, str]) -> list[str]:
        for file, old, new in slips:
            text = (content / file).read_text(encoding="utf-8")
            assert old in text
            (content / file).write_text(text.replace(old, new, 1) if old else f"{text}\n{new}\n", encoding="utf-8")
        with pytest.raises(ContentError) as refused:
            load("en", content=content)
        return list(refused.value.faults)

    return spoilt


def test_the_shipped_content_loads_with_a_blank_and_with_a_full_fact_sheet():
    for language in ("en", "es"):
        for facts in (Organization(), EXAMPLE):
            catalog = load(language, facts)
            assert catalog.language.code == language
            assert catalog.organization == facts


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        # words
        (
            "en/steps.toml",
            'why = "Many health systems',
            'why = "After {lockout_minutes} minutes',
            "en/steps.toml: check-address: why: {lockout_minutes} is a fact, which may be missing; write a pair",
        ),
        ("en/steps.toml", "title =", "titel =", "en/steps.toml: check-address: title: this key is missing; add it"),
        ("en/steps.toml", "why =", "because =", "en/steps.toml: check-address: because: there is no such key"),
        ("en/steps.toml", "[newest-code]", "[latest-code]", "en/steps.toml: newest-code: has no words; add this table"),
        ("en/steps.toml", "", "[dance]\ntitle = 1", "en/steps.toml: dance: no rule has this id; remove it"),
        ("en/symptoms.toml", "[symptoms.site-down]", "[symptoms.down]", "en/symptoms.toml: site-down: has no words"),
        ("en/symptoms.toml", "privacy =", "secrecy =", "en/symptoms.toml: privacy: has no words; add this table"),
        ("en/questions.toml", "[mrn]", "[number]", "en/questions.toml: mrn: has no words; add this table"),
        ("en/questions.toml", "teen = ", "kid = ", "en/questions.toml: for-whom.choices: teen: has no words"),
        (
            "en/questions.toml",
            'adult = "Someone',
            'adults = "Someone',
            "en/questions.toml: for-whom.packet: adults: no ",
        ),
        ("en/desks.toml", "[records]", "[archive]", "en/desks.toml: archive: no rule has this id; remove it"),
        ("en/verdicts.toml", "desk =", "agent =", "en/verdicts.toml: try-first: desk: this key is missing; add it"),
        ("en/verdicts.toml", "", "x = 1", "en/verdicts.toml: "),
        ("en/reasons.toml", "", "x = 1", "en/reasons.toml: words.x: Input should be a valid string"),
        (
            "en/faq.toml",
            'group = "passwords"',
            'group = "keys"',
            "faq.toml: unlock-time: there is no group called keys",
        ),
        ("en/faq.toml", "question =", "asks =", "en/faq.toml: unlock-time: question: this key is missing; add it"),
        ("en/faq.toml", 'id = "why-locked"', 'id = "unlock-time"', "en/faq.toml: unlock-time: "),
        ("en/site.toml", "scam =", "fraud =", "en/site.toml: scam: this key is missing; add it"),
        ("en/packet.toml", "[email]", "[mail]", "en/packet.toml: email: this key is missing; add it"),
        ("en/pages/contact.toml", "title =", "titel =", "en/pages/contact.toml: title: this key is missing; add it"),
        ("en/problems/activation.toml", "lead =", "led =", "en/problems/activation.toml: lead: this key is missing"),
        ("en/problems/activation.toml", "title =", "title", "activation.toml: cannot be read as TOML: "),
        # sentences with facts
        (
            "en/steps.toml",
            "{lockout_minutes}",
            "{lock_minutes}",
            "there is no fact called lock_minutes; see docs/content.md",
        ),
        ("en/steps.toml", "{lockout_minutes}", "30", "`known` names no fact; write a plain sentence instead"),
        ("en/steps.toml", "{lockout_minutes}", "{lockout_minutes} {a b}", "en/steps.toml: wait-as-told: do.2: "),
        ("en/steps.toml", "{lockout_minutes}", "{lockout_minutes", "en/steps.toml: wait-as-told: do.2: "),
        ("en/steps.toml", "{ known = ", "{ knwon = ", 'write a sentence, or { known = "...", neutral = "..." }'),
        ("en/site.toml", '{ known = "Call', '{ known = 5, neutral = "Call', "en/site.toml: "),
        (
            "en/site.toml",
            "neutral = ",
            'neutral = "" } #',
            "en/site.toml: emergency: this must say something without the",
        ),
        # words that must be said, and braces
        (
            "en/problems/activation.toml",
            "request = ",
            'request = "" #',
            "activation.toml: request: this is empty; write",
        ),
        (
            "en/problems/activation.toml",
            "request = ",
            'request = " " #',
            "activation.toml: request: this is empty; write",
        ),
        ("en/problems/activation.toml", "causes = [", 'causes = ["",', "causes.1: this is empty; write the words"),
        (
            "en/problems/activation.toml",
            "causes = [",
            "causes = []\nx = [",
            "causes: write at least one sentence that is",
        ),
        (
            "en/reasons.toml",
            "locked = ",
            'locked = "" #',
            "en/reasons.toml: words.locked: this is empty; write the words",
        ),
        ("en/steps.toml", 'title = "', 'title = "{x} ', "check-address: title: braces hold a fact in the `known` form"),
        (
            "en/site.toml",
            'neutral = "',
            'neutral = "{x} ',
            "en/site.toml: emergency: braces hold a fact in the `known`",
        ),
        (
            "en/packet.toml",
            "m: {problem}",
            "m: {problem.title}",
            "en/packet.toml: call.opening.3: braces hold one of problem, ",
        ),
        (
            "en/packet.toml",
            "m: {problem}",
            "m: {who}",
            "en/packet.toml: call.opening.3: braces hold one of problem, request",
        ),
        (
            "en/packet.toml",
            "m: {problem}",
            "m: {problem",
            "en/packet.toml: call.opening.3: braces hold one of problem, request",
        ),
        ("en/packet.toml", 'greeting = "', 'greeting = "{reference} ', "en/packet.toml: email.greeting: braces hold a"),
        ("en/packet.toml", "urgency =", "hurry =", "en/packet.toml: labels.urgency: this key is missing; add it"),
        ("en/packet.toml", "urgency =", "hurry =", "en/packet.toml: labels.hurry: there is no such key"),
        ("en/packet.toml", "b_note =", "b_notes =", "en/packet.toml: sheets.b_note: this key is missing; add it"),
        ("en/interface.toml", 'back = "Back"', 'back = ""', "interface.toml: tables.common.back: this is empty; write"),
        (
            "en/interface.toml",
            'back = "Back"',
            "back = 1",
            "interface.toml: tables.common.back: Input should be a valid ",
        ),
        ("en/interface.toml", 'back = "Back"', 'back = "{a b}"', "common.back: braces hold the name of one field and "),
        (
            "en/interface.toml",
            "is {reference}",
            "is {reference",
            "review.reference: braces hold the name of one field and ",
        ),
        (
            "rules/problems/activation.toml",
            "faq = [",
            "faq = []\nx = [",
            "rules/problems/activation.toml: faq: the list is ",
        ),
        (
            "rules/checklist.toml",
            "steps = [",
            "steps = []\nx = [",
            "checklist.toml: steps: the list is empty; write at ",
        ),
        # rules
        ("rules/steps.toml", '["attempt"]', '["atempt"]', "en/steps.toml: check-typing: tags.1: Input should be "),
        (
            "rules/questions.toml",
            'kind = "choice"',
            'kind = "menu"',
            "en/questions.toml: for-whom: kind: Input should be ",
        ),
        ("rules/questions.toml", 'sheet = "a"', 'sheet = "c"', "en/questions.toml: for-whom: sheet: Input should be "),
        (
            "rules/questions.toml",
            '["child", "teen", "adult"] }',
            '["child", "cat"] }',
            "helper-name: when: for-whom has no answer called cat",
        ),
        (
            "rules/questions.toml",
            "{ way-in",
            "{ can-fly",
            "browser: when: there is no coded question called can-fly",
        ),
        ("rules/questions.toml", '"nothing"\n\n#', '"zilch"\n\n#', "needed-today: exclusive: there is no choice zilch"),
        ("rules/questions.toml", "{ self = [", "{ me = [", "for-whom: not_with: there is no choice me"),
        (
            "rules/questions.toml",
            '"teen-record"] }',
            '"teen"] }',
            "for-whom: not_with: there is no problem called teen",
        ),
        ("rules/questions.toml", '["app", "both", "unsure"] }', "[] }", "app-version: when.way-in: the list is empty"),
        ("rules/symptoms.toml", 'problem = "portal-down"', 'problem = "outage"', "outage.toml: there is no such file"),
        (
            "rules/checklist.toml",
            '"check-address"',
            '"check-adress"',
            "checklist.toml: there is no step called check-adress",
        ),
        (
            "rules/problems/activation.toml",
            '"support"',
            '"help"',
            "activation.toml: desk: there is nothing called help",
        ),
        ("rules/problems/activation.toml", '"cost"', '"price"', "activation.toml: faq: there is nothing called price"),
        (
            "rules/problems/activation.toml",
            '"visit"',
            '"trip"',
            "activation.toml: evidence: there is nothing called trip",
        ),
        (
            "rules/problems/activation.toml",
            '["activation-state"]',
            '["visit"]',
            "questions: there is nothing called visit",
        ),
        ("rules/problems/activation.toml", '"link-record"', '"chains"', "related: there is nothing called chains"),
        (
            "rules/problems/activation.toml",
            '"check-address"',
            '"dance"',
            "activation.toml: steps: there is nothing called dance",
        ),
        (
            "rules/problems/activation.toml",
            '["never-came"',
            '["late"',
            "activation.toml: when: activation-state has no answer",
        ),
        ("rules/problems/account-locked.toml", "lock-seen", "lock", "when: there is no coded question called lock"),
        ("rules/problems/activation.toml", "desk =", "desks =", "activation.toml: desk: this key is missing; add it"),
        ("rules/problems/activation.toml", "steps =", "step =", "activation.toml: steps: this key is missing; add it"),
        ("rules/desks.toml", "desks =", "desk =", "desks.toml: desks: this key is missing; add it"),
        ("rules/desks.toml", '"records"]', '"records", "spa"]', "rules/desks.toml: desks.5: Input should be 'support'"),
        ("rules/checklist.toml", "steps =", "step =", "rules/checklist.toml: steps: this key is missing; add it"),
        ("rules/symptoms.toml", "symptoms = [", "symptom = [", "rules/symptoms.toml: "),
        ("rules/questions.toml", 'id = "for-whom"', 'name = "for-whom"', "rules/questions.toml: "),
        ("en/faq.toml", "\n[groups]", "\n[group]", "en/faq.toml: groups: this key is missing; add it"),
        ("en/symptoms.toml", "[groups]", "[group]", "en/symptoms.toml: groups: this key is missing; add it"),
    ],
)
def test_a_slip_is_named_with_its_file_key_and_remedy(faults, file, old, new, fault):
    found = faults((file, old, new))
    assert any(fault in said for said in found), found


def test_several_slips_in_several_files_are_named_at_once(faults):
    found = faults(
        ("en/site.toml", "scam =", "fraud ="),
        ("en/steps.toml", "title =", "titel ="),
        ("en/verdicts.toml", "desk =", "agent ="),
        ("en/problems/activation.toml", "lead =", "led ="),
        ("en/problems/portal-down.toml", "lead =", "led ="),
    )
    files = {said.split(":")[0] for said in found}
    assert files == {
        "en/site.toml",
        "en/steps.toml",
        "en/verdicts.toml",
        "en/problems/activation.toml",
        "en/problems/portal-down.toml",
    }


def test_several_dangling_ids_are_named_at_once(faults):
    found = faults(
        ("rules/problems/activation.toml", '"cost"', '"price"'),
        ("rules/problems/teen-record.toml", '"clinic"', '"school"'),
        ("rules/checklist.toml", '"check-address"', '"dance"'),
    )
    assert len(found) == 3


def test_every_page_that_the_site_shows_must_be_there_and_no_other(content):
    (content / "en" / "pages" / "busy.toml").rename(content / "en" / "pages" / "bussy.toml")
    with pytest.raises(ContentError) as refused:
        load("en", content=content)
    assert refused.value.faults == (
        "en/pages: busy: has no words; add this table",
        "en/pages: bussy: no rule has this id; remove it",
    )


def test_a_file_that_is_missing_is_named(content):
    (content / "en" / "tags.toml").unlink()
    (content / "rules" / "problems" / "activation.toml").unlink()
    with pytest.raises(ContentError) as refused:
        load("en", content=content)
    assert all("there is no such file" in fault for fault in refused.value.faults)
    assert len(refused.value.faults) == 2


def test_files_of_a_problem_that_no_symptom_points_to_are_refused(content):
    shutil.copy(content / "en/problems/activation.toml", content / "en/problems/spare.toml")
    shutil.copy(content / "rules/problems/activation.toml", content / "rules/problems/odd.toml")
    with pytest.raises(ContentError) as refused:
        load("en", content=content)
    remedy = "no symptom points to this problem; add one to rules/symptoms.toml, or remove this file"
    assert refused.value.faults == (f"rules/problems/odd.toml: {remedy}", f"en/problems/spare.toml: {remedy}")


def test_a_language_without_words_is_refused():
    with pytest.raises(ContentError, match=r"tlh/language\.toml: there is no such file"):
        load("tlh")


def test_a_language_without_a_name_or_with_a_locale_that_there_is_not_is_refused_before_its_words(content):
    (content / "es" / "language.toml").write_text('locale = "xx_YY"\n', encoding="utf-8")
    with pytest.raises(ContentError) as refused:
        load("es", content=content)
    name, locale = refused.value.faults
    assert name == "es/language.toml: name: this key is missing; add it"
    assert locale.startswith("es/language.toml: locale: CLDR knows no locale 'xx_YY'; write one such as ")


def test_a_fact_reaches_the_sentences_and_without_it_a_neutral_one_stands_there():
    assert "Here, a locked account may open by itself after 30 minutes." in load("en", EXAMPLE).steps["wait-as-told"].do
    blank = load("en").steps["wait-as-told"].do
    assert "The wait differs from place to place, so go by your own message." in blank
    assert not any("30" in line for line in blank)


def test_a_sentence_that_says_nothing_without_its_fact_leaves_no_gap(content):
    file = content / "en" / "steps.toml"
    pair = '{ known = "Here it is {app_name}.", neutral = "" },'
    file.write_text(file.read_text(encoding="utf-8").replace("do = [", f"do = [{pair}", 1), encoding="utf-8")
    assert load("en", EXAMPLE, content).steps["check-address"].do[0] == "Here it is MyChart."
    assert load("en", content=content).steps["check-address"].do == load("en").steps["check-address"].do


def test_a_sentence_with_two_facts_needs_both(content):
    file = content / "en" / "site.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("Call {emergency_number} now.", "Call {emergency_number} in {organization_name}."))
    partly = Organization(organization={"emergency_number": "112", "source": "Web", "verified_on": "2026-01-15"})
    assert load("en", EXAMPLE, content).site.emergency.startswith("Call 911 in Harbor Pines Health.")
    assert load("en", partly, content).site.emergency.startswith("Call 911, or your local emergency number, now.")


def test_a_fact_with_braces_in_it_is_said_as_it_stands():
    odd = Organization(app={"listing": "{cost}", "source": "Web", "verified_on": "2026-01-15"})
    assert "{cost}" in " ".join(sentence for step in load("en", odd).steps.values() for sentence in step.do)


def test_a_fact_in_words_reaches_only_the_languages_that_have_it():
    def cost(text: dict[str, str], language: str) -> str:
        sheet = {"language": "en", "rules": {"cost": text, "source": "Web", "verified_on": "2026-01-15"}}
        return load(language, parse(Organization, sheet, "sheet")).faq["cost"].answer[0]

    in_both = {"en": "It is free here.", "es": "Aquí es gratis."}
    assert cost(in_both, "en").startswith("It is free here.")
    assert cost(in_both, "es").startswith("Aquí es gratis.")
    assert cost({"en": "It is free here."}, "es") == load("es").faq["cost"].answer[0]
    assert cost({"en": "It is free here."}, "en").startswith("It is free here.")


def test_a_fact_in_figures_is_the_same_in_every_language():
    said = "Aquí, una cuenta bloqueada puede desbloquearse sola después de 30 minutos."
    assert said in load("es", EXAMPLE).steps["wait-as-told"].do


def test_a_desk_that_handles_a_problem_gets_it():
    assert load("en").problems["identity-check"].desk == "clinic"
    assert load("en", EXAMPLE).problems["identity-check"].desk == "records"


def test_a_fact_sheet_cannot_move_a_problem_that_there_is_not():
    sheet = Organization(desks=Desks(clinic=Desk(handles=("toothache",), source="Web", verified_on="2026-01-15")))
    with pytest.raises(ContentError, match="fact sheet: handles: there is no problem called toothache"):
        load("en", sheet)


def test_what_is_loaded_cannot_be_changed():
    catalog = load("en")
    with pytest.raises(ValueError, match="frozen"):
        catalog.site.name = "Other"
    with pytest.raises(AttributeError):
        catalog.language = "es"
