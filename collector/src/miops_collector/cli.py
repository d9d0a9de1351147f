"""The command line: ``miops-collector serve · check · demo · reference add, accept · ground-truth add``.

Exit codes: 0 done, 1 failed while running, 2 bad usage, configuration or input.
"""

from __future__ import annotations

from miops_collector.one_thread import one_thread

with one_thread():  # before any other import does it
    import numpy  # noqa: F401, ICN001

import asyncio
import sys
from pathlib import Path
from typing import Any

import click

from miops.semconv import TASKS
from miops_collector import __version__
from miops_collector.config import load_config
from miops_collector.errors import ConfigError, InputError, MIOpsError
from miops_collector.window import parse_length

__all__ = ["main"]

FAILED, BAD_USAGE = 1, 2
HIDDEN = "***"
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
WEB = click.option(
    "--web", default="localhost:4320", metavar="HOST:PORT", show_default=True, envvar="MIOPS_COLLECTOR_WEB",
    show_envvar=True, help="Where the collector's console is.",
)  # fmt: skip


def _length(_: click.Context, __: click.Parameter, text: str) -> str:
    try:
        parse_length(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return text


class _Group(click.Group):
    """Our own errors become one line and an exit code: 2 for bad usage, configuration or input, else 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MIOpsError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(BAD_USAGE if isinstance(error, ConfigError | InputError) else FAILED)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="miops-collector")
def main() -> None:
    """Take OTLP in, understand predictions, and give standard OpenTelemetry metrics back."""


@main.command()
@click.option(
    "--config", "file", type=FILE, envvar="MIOPS_COLLECTOR_CONFIG", help="YAML file; without one the defaults hold."
)
@click.option("--data-dir", type=click.Path(file_okay=False), help="Where rows are kept. Default ./miops-data.")
@click.option("--otlp-grpc", metavar="HOST:PORT", help="Default localhost:4317.")
@click.option("--otlp-http", metavar="HOST:PORT", help="Default localhost:4318.")
@click.option("--web", metavar="HOST:PORT", help="Console, API and /metrics. Default localhost:4320.")
def serve(
    file: Path | None, data_dir: str | None, otlp_grpc: str | None, otlp_http: str | None, web: str | None
) -> None:
    """Receive OTLP and serve statistics until SIGTERM or Ctrl-C.

    Every option, and every key of the configuration, is also an environment variable: MIOPS_COLLECTOR_DATA_DIR,
    MIOPS_COLLECTOR_OTLP_GRPC … Options win over variables, variables over the file.
    """
    with one_thread():
        import scipy.linalg  # noqa: F401
    from miops_collector.memory_guard import keep_pandas_out

    keep_pandas_out()
    from miops_collector.server import run

    given = {"data_dir": data_dir, "otlp.grpc": otlp_grpc, "otlp.http": otlp_http, "web": web}
    config = load_config(file, options={key: value for key, value in given.items() if value is not None})
    asyncio.run(run(config))


@main.command()
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Check a configuration file; print what will hold, or what is wrong and where.

    The environment is taken into account; values of headers are not shown.
    """
    import yaml

    shown = load_config(file).model_dump(mode="json", by_alias=True)
    for section in ("forward", "export"):
        if shown[section]:
            shown[section]["headers"] = dict.fromkeys(shown[section]["headers"], HIDDEN)
    click.echo(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True), nl=False)


@main.command()
@click.option("--exit", "leave", is_flag=True, help="Stop after the final table instead of serving on.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write every observation as JSON.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0.0),
    default=0.0,
    help="Days of event time per second; 0 is as fast as it goes.",
)
@click.option(
    "--truth-delay", default="30d", show_default=True, callback=_length, help="How long truth takes, at least."
)
@click.option("--share", type=click.FloatRange(0.01, 1.0), default=1.0, help="Share of the rows to replay.")
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Keep the data here.")
def demo(
    *, leave: bool, report: Path | None, speed: float, truth_delay: str, share: float, data_dir: Path | None
) -> None:
    """Replay four years of real survey data through a real, instrumented model server."""
    try:
        with one_thread():
            from miops_collector.demo.run import DemoOptions, run_demo
    except ModuleNotFoundError as error:
        msg = f"the demo needs {error.name}, among others: pip install 'miops-collector[demo]'"
        raise ConfigError(msg) from error

    run_demo(
        DemoOptions(leave=leave, report=report, speed=speed, truth_delay=truth_delay, share=share, data_dir=data_dir)
    )


@main.group()
def reference() -> None:
    """What a model is compared with."""


@reference.command("add")
@click.argument("file", type=FILE)
@click.option("--model", required=True, metavar="NAME")
@click.option(
    "--version",
    default="",
    metavar="NAME",
    help="Without it the reference serves every version that has none of its own.",
)
@click.option("--truth", required=True, metavar="COLUMN", help="What turned out to be true.")
@click.option("--prediction", default="", metavar="COLUMN", help="What the model decided.")
@click.option("--score", default="", metavar="COLUMN", help="Its score of the positive class.")
@click.option("--context", multiple=True, metavar="COLUMN", help="No input of the model; repeatable.")
@click.option("--ignore", multiple=True, metavar="COLUMN", help="Leave this column out; repeatable.")
@click.option("--sensitive", multiple=True, metavar="COLUMN", help="Fairness is computed over it; repeatable.")
@click.option("--task", type=click.Choice(TASKS), help="Without it, what the model or else the columns say.")
@click.option("--positive-class", default="", metavar="CLASS", help="The class that the score is of.")
@WEB
def reference_add(file: Path, web: str, **form: Any) -> None:
    """Send a Parquet or CSV file; all columns not named otherwise are features."""
    from miops_collector.accepting import SMALL
    from miops_collector.files import send_reference

    rows = send_reference(file, web, form)
    click.echo(f"{rows} rows are the reference of {form['model']} {form['version'] or '(every version)'}")
    if rows < SMALL:
        click.echo(f"warning: a reference of {rows} rows hides small drift; better {SMALL}", err=True)


@reference.command("accept")
@click.option("--model", required=True, metavar="NAME")
@click.option("--version", default="", metavar="NAME", help="Without it, of a model that says none.")
@click.option("--start", metavar="TIME", help="With --end: the rows to take, such as 2026-01-01T00:00:00Z.")
@click.option("--end", metavar="TIME", help="Without both, the rows since the first open drift alarm.")
@click.option("--by", metavar="NAME", help="Who decides it; default: the user of this shell.")
@WEB
def reference_accept(web: str, **form: str | None) -> None:
    """Take what drifted as the new reference, and close the drift alarms; who did it is kept."""
    from getpass import getuser

    from miops_collector.client import Client

    given = {name: value for name, value in form.items() if value} | {"by": form["by"] or getuser()}
    with Client(web) as client:
        taken = client.post("/api/v1/reference/accept", given)
    click.echo(f"{taken['rows']} rows from {taken['start']} to {taken['end']} are the reference of {form['model']}")
    if taken["warning"]:
        click.echo(f"warning: {taken['warning']}", err=True)


@main.group("ground-truth")
def ground_truth() -> None:
    """What turned out to be true."""


@ground_truth.command("add")
@click.argument("file", type=FILE)
@click.option("--id", "id_column", required=True, metavar="COLUMN", help="Prediction ids.")
@click.option("--value", required=True, metavar="COLUMN", help="The truth.")
@click.option("--outcome", multiple=True, metavar="COLUMN", help="A number that goes with it; repeatable.")
@WEB
def ground_truth_add(file: Path, id_column: str, value: str, outcome: tuple[str, ...], web: str) -> None:
    """Send a Parquet or CSV file."""
    from miops_collector.files import send_ground_truth

    rows = send_ground_truth(file, web, id_column=id_column, value=value, outcomes=outcome)
    click.echo(f"{rows} truths sent")
