"""The sizes Rota takes, in one place. Beyond them an input is refused, naming the field; nothing is cut."""

TITLE = 500
DESCRIPTION = 100_000
NAME = 100
"""Names of queues, pools, tenants, agents, roles, regions, skills, limits."""
KEY = 300
"""Idempotency, unique, sequence, group and batch keys, local references."""
REASON = 4_000
NOTES = 20_000
PAYLOAD_BYTES = 1_048_576
RESULT_BYTES = 4_194_304
CHECKPOINT_BYTES = 1_048_576
DEPTH = 100
"""How deep a payload may be nested."""
SUBMIT = 10_000
"""Tasks in one submit."""
CLAIM = 1_000
"""Tasks in one claim."""
OUTCOMES = 10_000
"""Outcomes in one complete or fail."""
PAGE = 1_000
SKILLS = 64
PARENTS = 1_000
TOUCHES = 32
"""Patterns of what one task changes."""
SLOTS = 10_000
LEVEL = 100
WAIT_S = 45.0
"""The longest a claim may wait, seconds."""
SPAN_S = 10 * 365 * 86_400.0
"""The longest delay, deadline, TTL or lease term, seconds."""
ATTEMPTS = 1_000
GROUP = 1_000
"""Tasks of one group that go to an agent together."""
INT64 = 2**63 - 1
