"""Where things are read and written."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Places:
    """The files of one checkout."""

    root: Path = ROOT

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def data(self) -> Path:
        return self.reports / "data"

    @property
    def baseline(self) -> Path:
        return self.reports / "baseline.json"

    @property
    def costs(self) -> Path:
        return self.reports / "costs.json"

    @property
    def site(self) -> Path:
        return self.reports / "site"

    @property
    def index(self) -> Path:
        return self.site / "index.html"
