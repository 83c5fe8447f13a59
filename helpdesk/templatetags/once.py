"""What is the same on every page of a language is rendered once."""

from collections.abc import Hashable

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token

from helpdesk.catalog import Catalog

register = template.Library()


class Once(template.Node):
    """A part of a template that depends on the catalog and the facts alone, and on the named values.

    Kept as long as the catalog is the same one: it comes with the fact sheet, and both are read once.
    """

    def __init__(self, values: list[FilterExpression], nodelist: NodeList) -> None:
        self.values, self.nodelist = values, nodelist
        self._kept: dict[Hashable, tuple[Catalog, str]] = {}

    def render(self, context: template.Context) -> str:
        catalog = context["catalog"]
        values = [value.resolve(context) for value in self.values]
        if None in values:
            return self.nodelist.render(context)
        key = (catalog.language.code, *values)
        kept = self._kept.get(key)
        if not kept or kept[0] is not catalog:
            kept = self._kept[key] = catalog, self.nodelist.render(context)
        return kept[1]


@register.tag
def once(parser: Parser, token: Token) -> Once:
    """`{% once step.id %}` ... `{% endonce %}`: rendered once for each language, and each step id.

    What stands inside may not depend on anything else. The values must be ours, or what is kept would have no bound.
    Where one of them is None, it is rendered each time: so says who knows that it holds what somebody gave.
    """
    values = [parser.compile_filter(word) for word in token.split_contents()[1:]]
    nodelist = parser.parse(("endonce",))
    parser.delete_first_token()
    return Once(values, nodelist)
