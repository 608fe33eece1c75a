from __future__ import annotations

import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.errors import NotConfiguredError, UsageError
from asayer_cli.settings import KEYS, Value, read_profile
from asayer_cli.settings_file import update

if TYPE_CHECKING:
    from pathlib import Path

CHANGES: dict[str, Value | None] = {
    "aws.region": "eu-west-1",
    "aws.log_groups": ("/a", "/b"),
    "convention": "openreplay",
}
COMMENTED = """# ours, do not touch
[profiles.default.aws]
region = "us-east-1" # the old one
log_groups = [
    "/old", # first
]

[profiles.staging]  # another
convention = "asayer"
"""
SPELLINGS = (
    "",
    "[profiles]\n",
    COMMENTED,
    '[profiles.default]\nconvention = "asayer"\n',
    'profiles = {default = {aws = {region = "a"}}}\n',
    '[profiles.default]\naws = {region = "a"}\n',
    'profiles.default.aws.region = "a"\n',
    '[profiles.default.aws]\n[profiles.other]\nconvention = "asayer"\n[profiles.default.elastic]\nurl = "http://x"\n',
    '[profiles."default"."aws"]\r\nregion = "a"\r\n',
)


def test_a_new_file(tmp_path: Path) -> None:
    path = update(tmp_path / "new" / "folder", "default", CHANGES)
    assert read_profile(path.parent, "default") == CHANGES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_new_file_has_no_empty_tables(tmp_path: Path) -> None:
    path = update(tmp_path, "default", {"aws.region": "eu-west-1"})
    assert path.read_text() == '[profiles.default.aws]\nregion = "eu-west-1"\n'


def test_comments_and_other_profiles_stay(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(COMMENTED)
    update(tmp_path, "default", {"aws.region": "eu-west-1", "elastic.url": "http://x"})
    text = (tmp_path / "config.toml").read_text()
    for kept in ("# ours, do not touch", "# the old one", '"/old", # first', "[profiles.staging]  # another"):
        assert kept in text
    assert read_profile(tmp_path, "default") == {
        "aws.region": "eu-west-1",
        "aws.log_groups": ("/old",),
        "elastic.url": "http://x",
    }
    assert read_profile(tmp_path, "staging") == {"convention": "asayer"}


@pytest.mark.parametrize("text", SPELLINGS)
@pytest.mark.parametrize("change", [CHANGES, {"aws.region": None, "convention": None}, {"elastic.url": "http://y"}])
def test_any_spelling_of_the_tables(tmp_path: Path, text: str, change: dict[str, Value | None]) -> None:
    (tmp_path / "config.toml").write_bytes(text.encode())
    before = read_profile(tmp_path, "default")
    update(tmp_path, "default", change)
    wanted = {name: value for name, value in {**before, **change}.items() if value is not None}
    assert read_profile(tmp_path, "default") == wanted
    update(tmp_path, "default", change)
    assert read_profile(tmp_path, "default") == wanted


def test_a_spelling_that_cannot_be_changed_is_left_alone(tmp_path: Path) -> None:
    text = '[profiles]\ndefault.aws.region = "a"\n'
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(NotConfiguredError, match="cannot be changed safely") as refused:
        update(tmp_path, "default", {"elastic.url": "http://y", "convention": "asayer"})
    assert refused.value.code == "settings_unchangeable"
    assert (tmp_path / "config.toml").read_text() == text


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(
    st.dictionaries(st.sampled_from([key.name for key in KEYS if not (key.choices or key.many or key.check)]), TEXTS),
    TEXTS,
)
def test_any_text_is_kept(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Value | None], profile: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    update(folder, profile, changes)
    assert read_profile(folder, profile) == changes


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "asayer.toml"
    real.parent.mkdir()
    real.write_text(COMMENTED)
    (tmp_path / "config.toml").symlink_to(real)
    update(tmp_path, "default", {"aws.region": "eu-west-1"})
    assert (tmp_path / "config.toml").is_symlink()
    assert 'region = "eu-west-1"' in real.read_text()


def test_a_broken_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[profiles.default")
    with pytest.raises(UsageError, match="is broken"):
        update(tmp_path, "default", CHANGES)
    assert (tmp_path / "config.toml").read_text() == "[profiles.default"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotConfiguredError, match="cannot be written") as refused:
        update(tmp_path / "file" / "folder", "default", CHANGES)
    assert refused.value.code == "settings_unwritable"
    assert "ASAYER_CONFIG_DIR" in refused.value.hint


def test_a_place_that_cannot_be_written_leaves_the_file_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "config.toml").symlink_to("/proc/self/nowhere/config.toml")
    with pytest.raises(NotConfiguredError, match="cannot be written"):
        update(tmp_path, "default", CHANGES)
    assert {path.name for path in tmp_path.iterdir()} == {"config.toml", ".config.toml.lock"}


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from asayer_cli.settings_file import update\n"
        "for number in range(10): update(Path(sys.argv[1]), f'{sys.argv[2]}-{number}', {'aws.region': str(number)})"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name]) for name in "abcd"]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    for name in "abcd":
        for number in range(10):
            assert read_profile(tmp_path, f"{name}-{number}") == {"aws.region": str(number)}


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    update(tmp_path, "default", CHANGES)
    program = (
        "import sys; from pathlib import Path; from asayer_cli.settings_file import update\n"
        "for number in range(40): update(Path(sys.argv[1]), 'default', {'aws.user_name': 'x' * 20_000 + str(number)})"
    )
    writer = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
    while writer.poll() is None:
        assert read_profile(tmp_path, "default")["aws.region"] == "eu-west-1"
    assert writer.returncode == 0
    assert str(read_profile(tmp_path, "default")["aws.user_name"]).endswith("39")
