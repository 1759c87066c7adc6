"""The model travels with the package: in a wheel, in a source archive and in an editable install."""

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODEL = (ROOT / "models" / "buttock_pain.toml").read_bytes()
QUESTION = (
    "import buttockpain, importlib.resources as r;"
    "print(buttockpain.rank(low_back_pain='yes').model.fingerprint);"
    "print(len((r.files('buttockpain.models') / 'buttock_pain.toml').read_bytes()))"
)


def run(*command: str | Path, folder: Path) -> str:
    """Run a command outside the checkout and return what it printed."""
    result = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build a wheel and a source archive once, from a copy, so that the checkout stays clean."""
    folder = tmp_path_factory.mktemp("build")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    source = folder / "source"
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    run(sys.executable, "-m", "build", "--outdir", folder / "dist", source, folder=folder)
    (wheel,) = (folder / "dist").glob("*.whl")
    (archive,) = (folder / "dist").glob("*.tar.gz")
    return wheel, archive


def test_the_wheel_holds_the_model(archives: tuple[Path, Path]) -> None:
    """The wheel has the model file byte for byte, the type marker, and nothing outside the package."""
    with zipfile.ZipFile(archives[0]) as wheel:
        assert wheel.read("buttockpain/models/buttock_pain.toml") == MODEL
        names = wheel.namelist()
    assert "buttockpain/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"buttockpain"}


def test_the_source_archive_holds_the_model(archives: tuple[Path, Path]) -> None:
    """The source archive has the model where the checkout has it; the wheel above was built from that archive."""
    with tarfile.open(archives[1]) as archive:
        (name,) = [member for member in archive.getnames() if member.endswith("models/buttock_pain.toml")]
        file = archive.extractfile(name)
        assert file is not None
        assert file.read() == MODEL


@pytest.mark.parametrize("kind", ["wheel", "editable"])
def test_an_installed_package_finds_its_model(kind: str, archives: tuple[Path, Path], tmp_path: Path) -> None:
    """Outside the checkout, a wheel and an editable install load the same model as the checkout does."""
    venv.create(tmp_path / "env", with_pip=True, system_site_packages=False)
    python = tmp_path / "env" / "bin" / "python"
    run(
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        *([archives[0]] if kind == "wheel" else ["-e", ROOT]),
        folder=tmp_path,
    )
    here = run(sys.executable, "-c", QUESTION, folder=tmp_path)
    assert run(python, "-c", QUESTION, folder=tmp_path) == here
    assert here.splitlines()[1] == str(len(MODEL))
