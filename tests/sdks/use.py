"""A client made of the document, as a merchant's back end in Python uses it, against the running service."""

import os
from datetime import timezone

from tributary_client import AuthenticatedClient
from tributary_client.api.affiliates import create_affiliate, get_affiliate
from tributary_client.api.conversions import create_conversion, list_conversions
from tributary_client.api.explanations import explain_conversion
from tributary_client.models import (
    AffiliateAnswer,
    ConversionAnswer,
    ConversionList,
    ConversionSourceWord,
    ConversionStatusWord,
    ErrorBody,
    ErrorCode,
    ExplanationAnswer,
    PostAffiliate,
    PostConversion,
)

client = AuthenticatedClient(base_url=os.environ["API"], token=os.environ["KEY"])

entered = create_affiliate.sync(
    client=client, body=PostAffiliate(email="python@example.com", referral_code="SNAKE", commission="25%")
)
assert isinstance(entered, AffiliateAnswer), entered
affiliate = entered.data

sold = create_conversion.sync(
    client=client,
    prefer="wait=4",
    body=PostConversion(amount=49.99, email="ann@snake.example", referral_code="SNAKE", reference="snake-1"),
)
assert isinstance(sold, ConversionAnswer), sold
sale = sold.data
assert (sale.value, sale.affiliate_id, sale.source) == (12.5, affiliate.id, ConversionSourceWord.API), sale
assert sale.created_at.tzinfo is not None and sale.created_at.astimezone(timezone.utc), sale

listed = list_conversions.sync(client=client, affiliate_id=affiliate.id, status=ConversionStatusWord.ATTRIBUTED)
assert isinstance(listed, ConversionList) and [one.id for one in listed.data] == [sale.id], listed

told = explain_conversion.sync(sale.id, client=client)
assert isinstance(told, ExplanationAnswer), told
assert [rule.kind for rule in told.data.rules if rule.verdict == "won"] == ["affiliate"], told

missing = get_affiliate.sync("nobody@example.com", client=client)
assert isinstance(missing, ErrorBody) and missing.error.code == ErrorCode.NOT_FOUND, missing
print("used by Python")
