"""Checks that an invoice is for a customer we know, within their limit."""

CUSTOMERS = {
    "CUST001": {"name": "Acme Corporation", "credit_limit": 50_000},
    "CUST002": {"name": "Globex Industries", "credit_limit": 20_000},
    "CUST003": {"name": "Initech", "credit_limit": 5_000},
}


def validate_customer(input):
    customer = CUSTOMERS.get(input["customer_id"])
    if customer is None:
        return {
            "is_valid": False,
            "customer_id": input["customer_id"],
            "customer_name": None,
            "reasons": ["unknown customer"],
        }
    reasons = []
    total = input["invoice_data"]["total"]
    if total < 0:
        reasons.append("the total is negative")
    if total > customer["credit_limit"]:
        reasons.append(f"the total of {total:.2f} is over the limit of {customer['credit_limit']}")
    return {
        "is_valid": not reasons,
        "customer_id": input["customer_id"],
        "customer_name": customer["name"],
        "reasons": reasons,
    }
