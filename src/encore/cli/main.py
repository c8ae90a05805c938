"""The `encore` command. Commands are imported when they are called: `encore judge` must start without Django."""

from importlib import import_module
from typing import Final

import click

_COMMANDS: Final = {
    "judge": "encore.cli.judge:judge",
    "explain": "encore.cli.explain:explain",
    "whatif": "encore.cli.whatif:whatif",
    "check": "encore.cli.check:check",
    "text": "encore.cli.text:text",
    "clauses": "encore.cli.clauses:clauses",
    "serve": "encore.cli.serve:serve",
    "tick": "encore.cli.tick:tick",
    "work": "encore.cli.work:work",
    "verify": "encore.cli.verify:verify",
    "rejudge": "encore.cli.rejudge:rejudge",
    "reindex": "encore.cli.reindex:reindex",
    "checkpoint": "encore.cli.checkpoint:checkpoint",
    "keys": "encore.cli.keys:keys",
    "backup": "encore.cli.backup:backup",
    "restore": "encore.cli.restore:restore",
    "migrate": "encore.cli.migrate:migrate",
    "begin": "encore.cli.people:begin",
    "link": "encore.cli.people:link",
    "demo": "encore.cli.demo:demo",
    "import-complaints": "encore.cli.import_complaints:import_complaints",
}


# What a monitor asks about: when these last ran, and the status they ended with.
_NOTED: Final = {"verify": "verification"}


class Lazy(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except SystemExit as ended:
            if isinstance(ended.code, int) and (name := _NOTED.get(ctx.invoked_subcommand or "")):
                _note(name, ended.code)
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command


def _note(name: str, status: int) -> None:
    from django.utils.timezone import now

    from encore.running.heartbeat import noted

    noted(name, now(), status)


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="encore")
def main() -> None:
    """Runs the service contracts of karaoke venues: every duty with a deadline becomes a clock.

    To try it:  encore migrate,  encore demo,  encore serve.
    """
