"""How much the target keeps, reads and sends, and how long it waits."""

from __future__ import annotations

# What is larger is handed over in a file, where host and target share files.
SPILL_BYTES = 1 << 20
# Of the records of one check, where they are sent through the pipe.
MAX_RECORDS_BYTES = 1 << 32
# At most so much is read or written at once.
CHUNK_BYTES = 1 << 18

# Of each stream that user code printed to, and of every text of an exception.
MAX_EVIDENCE_BYTES = 1 << 16
# Characters of a plain value's text, and members of a container that are written out in it.
MAX_TEXT = 2000
MAX_CANONICAL = 200
# Of each, no more than so many are looked at.
MAX_WARNINGS = 50
MAX_FILES = 50
MAX_RELATIVES = 50
MAX_DUMPED_PARTS = 200
# Parts that are looked through for the one whose method raised.
MAX_SEARCHED_PARTS = 5_000
MAX_EVENTS = 5000
MAX_SURVEYED = 300
MAX_SOURCE_BYTES = 1 << 20
MAX_SOURCE_LINES = 200

# From the signal that lets a process print its stacks to the one that ends it.
ABORT_SECONDS = 0.3
# How long the agent waits for the next request before it forks the process that will serve it.
ASIDE_SECONDS = 0.001
