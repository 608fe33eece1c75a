"""What reading files leaves to be told: why there may be more than was read, and what else is worth knowing."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Notes:
    """`incomplete` says why something may be missing, `remarks` what else to know; each sentence once, in order."""

    incomplete: dict[str, None] = field(default_factory=dict)
    remarks: dict[str, None] = field(default_factory=dict)
    read_bytes: int = 0

    def missing(self, sentence: str) -> None:
        """Note why there may be more."""
        self.incomplete.setdefault(sentence)

    def remark(self, sentence: str) -> None:
        """Note what else is worth telling."""
        self.remarks.setdefault(sentence)

    def add(self, other: Notes) -> None:
        """Take over what another part of the reading noted."""
        self.incomplete |= other.incomplete
        self.remarks |= other.remarks
        self.read_bytes += other.read_bytes
