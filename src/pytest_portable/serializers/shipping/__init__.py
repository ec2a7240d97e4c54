"""Send code that the target does not have: inside the payload, as a script's, or beside it.

`make_shipping` turns the keys `by_value`, `as_main` and `ship` of a leg into a `Shipping`.
"""

from __future__ import annotations

from pytest_portable.serializers.shipping.shipping import NO_SHIPPING, Shipping, make_shipping
from pytest_portable.serializers.shipping.sources import Sources

__all__ = ["NO_SHIPPING", "Shipping", "Sources", "make_shipping"]
