"""The tag in text: written before every physical line."""

from __future__ import annotations

from asayer_cli.propagation.conventions import ASAYER


def write_tag(session_id: str, tag_name: str = ASAYER.tag_name) -> str:
    """Return the tag as it stands in a log message: `[asayer_session_id=42]`."""
    return f"[{tag_name}={session_id}]"


def tag_lines(text: str, session_id: str, tag_name: str = ASAYER.tag_name) -> str:
    r"""Begin every physical line of `text` with the tag: shippers make an entry of what ends in `\n`.

    A line that begins with this tag is left. The collectors take the first tag of a line, so none that `text` brings
    along counts.
    """
    tag = f"[{tag_name}={session_id}] "
    if "\n" not in text:
        return text if text.startswith(tag) else tag + text
    lines = text.split("\n")
    end = lines.pop() if not lines[-1] else None
    tagged = [line if line.startswith(tag) else tag + line for line in lines]
    return "\n".join(tagged if end is None else [*tagged, end])


def with_error_word(text: str, level_name: str) -> str:
    """Return the text of an error with a word that the CloudWatch collector asks for in its first line.

    The collector drops what has neither `exception` nor `error`, in any case (public history of openreplay/openreplay).
    """
    first = text.partition("\n")[0] if "\n" in text else text
    if "ERROR" in first or "Error" in first:
        return text
    first = first.lower()
    if "error" in first or "exception" in first:
        return text
    told = not level_name or level_name.lower() in first
    return f"ERROR {text}" if told or level_name == "ERROR" else f"{level_name} ERROR {text}"
