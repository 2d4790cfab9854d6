"""nightdesk.toml: every mistake is named at once, with the way out."""

from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.base.settings import Settings, read_settings


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "nightdesk.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("content", "settings"),
    [
        ("", Settings()),
        ("jobs = 2\n", Settings(jobs=2)),
        ('worker = "scripted:replies.jsonl"\n', Settings(worker="scripted:replies.jsonl")),
        (b"\xef\xbb\xbfjobs = 2\r\n", Settings(jobs=2)),  # Windows Notepad
        ("allow_private_addresses = true", Settings(allow_private_addresses=True)),
        ("# jobs = 3\n", Settings()),
    ],
)
def test_settings_are_read(tmp_path: Path, content: str | bytes, settings: Settings) -> None:
    assert read_settings(write(tmp_path, content)) == settings


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "nightdesk.toml") == Settings()


def test_what_a_command_says_wins(tmp_path: Path) -> None:
    path = write(tmp_path, "jobs = 2\nmax_source_mb = 5\n")
    assert read_settings(path, jobs=7, worker=None) == Settings(jobs=7, max_source_mb=5)
    with pytest.raises(DeskError, match="jobs must be from 0 to 512, not 513"):
        read_settings(path, jobs=513)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("job = 2", 'unknown setting "job", did you mean "jobs"?'),
        ("zzzzzz = 2", 'unknown setting "zzzzzz"'),
        ("[jobs]\nx = 1", "jobs must be a whole number"),
        ("jobs = true", "jobs must be a whole number, not True"),
        ("jobs = 1.0", "jobs must be a whole number, not 1.0"),
        ("jobs = -1", "jobs must be from 0 to 512"),
        ("convert_memory_mb = 1", "convert_memory_mb must be from 256"),
        ("allow_private_addresses = 1", "must be true or false"),
        ("worker = 5", "worker must be a text in quotes"),
        ('worker = "gpt"', 'there are "builtin", "room", "openai:…"'),
        ('worker = "opnai:x"', "Did you mean 'openai'?"),
        ('worker = "openai:"', "is not known"),  # no model named
        ('workers = "builtin"', "workers must be a table"),
        ('[workers]\nread = "gpt"', "workers.read 'gpt' is not known"),
        ('[workers]\nreed = "builtin"', "workers.reed is not known"),
        ("[workers]\nread = 1", "workers.read must be a text"),
        ('[workers]\nread = "random"', "workers.read 'random' is not known"),  # of labs only
        ('[workers]\nwrite = "hybrid:room"', "workers.write 'hybrid:room' is not known"),
        ('[workers]\npropose = "hybrid:"', "workers.propose '' is not known"),
        ('[workers]\npropose = "hybrid:gpt"', "workers.propose 'gpt' is not known"),
        ("max_usd = -1", "max_usd must be from 0"),
        ("max_usd = nan", "max_usd must be from 0"),
        ("jobs = ", "not valid TOML"),
        (b"\xff", "not valid TOML"),
        ("jobs = 1\njobs = 2", "not valid TOML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(DeskError) as caught:
        read_settings(write(tmp_path, content))
    assert said in caught.value.message
    assert caught.value.fix == f"mend {tmp_path / 'nightdesk.toml'}"


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    with pytest.raises(DeskError) as caught:
        read_settings(write(tmp_path, 'jobs = "two"\nmax_source_mb = 0\nnope = 1\n'))
    assert all(name in caught.value.message for name in ("jobs", "max_source_mb", "nope"))


def test_a_folder_of_that_name_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "nightdesk.toml").mkdir()
    with pytest.raises(DeskError, match="cannot be read"):
        read_settings(tmp_path / "nightdesk.toml")


def test_zero_jobs_means_all_cores() -> None:
    assert Settings(jobs=3).processes == 3
    assert Settings().processes >= 1


@pytest.mark.parametrize("name", ["builtin", "random", "room", "openai:gpt-5", "hybrid:openai:gpt-5", "hybrid:room"])
def test_a_lab_may_have_a_worker_of_its_own(tmp_path: Path, name: str) -> None:
    path = tmp_path / "nightdesk.toml"
    path.write_text(f'[workers]\npropose = "{name}"\n', encoding="utf-8")
    settings = read_settings(path)
    assert settings.worker_for("propose") == name
    assert settings.worker_for("read") == "builtin"
