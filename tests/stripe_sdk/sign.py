"""Signs standard input as Stripe's own SDK does, and prints the Stripe-Signature header.

Usage: python sign.py SECRET < body
"""

import sys
import time

import stripe


def main() -> None:
    secret = sys.argv[1]
    payload = sys.stdin.buffer.read().decode("utf-8")
    timestamp = int(time.time())
    scheme = stripe.WebhookSignature.EXPECTED_SCHEME
    signature = stripe.WebhookSignature._compute_signature(f"{timestamp}.{payload}", secret)
    header = f"t={timestamp},{scheme}={signature}"
    # The SDK's own verifier has the last word on what its helper made.
    stripe.WebhookSignature.verify_header(payload, header, secret, tolerance=60)
    print(header)


if __name__ == "__main__":
    main()
