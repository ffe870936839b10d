"""The entry point of the command line: reads the arguments, opens the store, runs the command, reports errors."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import omnitrack
from omnitrack.cli import agents, beginning, cases, insights, loading, reading, schema, service, statements, upkeep
from omnitrack.cli.arguments import Parser, Run, add_common
from omnitrack.cli.output import fit_output, print_lines, print_wrong
from omnitrack.cli.settings import SETTINGS, SettingsError, check_store, file_of, settings_of
from omnitrack.errors import OmnitrackError
from omnitrack.harmless import harmless

#: Of a command: whether it may begin a store (every other one asks a store that is there), begins one and a settings file and nothing else, looks at a
#: store of its own that is thrown away, prints a document that is UTF-8 wherever it goes, computes who is whom from scratch, leaves receipts of reads
#: whatever the settings say.
FACTS = {
    "begins": False,
    "makes": False,
    "writes_nothing": False,
    "prints_json": False,
    "rebuilds": False,
    "audits": False,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 done, 1 not done or not in order, 2 not understood."""
    arguments = parser().parse_args(argv)
    fit_output(whole=arguments.json or arguments.prints_json)
    try:
        if arguments.makes:
            beginning.ask(arguments)
        settings = settings_of(arguments)
        store = settings.pop("store")
        if arguments.writes_nothing:
            store = "memory://"
        arguments.store_zone = settings["zone"]
        check_store(store, begins=arguments.begins)
        file = file_of(store)
        is_new = file is not None and not file.exists()
        settings["rebuild"] = arguments.rebuilds
        if arguments.audits:
            settings["reads"] = "audit"
        by = arguments.acting
        with omnitrack.open(store, **settings) as tracker, tracker.acting(by) if by else nullcontext():
            if is_new and not arguments.makes:
                print_lines(harmless(f"omnitrack: begun a new store, {file}, in {Path.cwd()}"), file=sys.stderr)
            run: Run = arguments.run
            return run(tracker, arguments)
    except BrokenPipeError:  # the reader, such as head, has seen enough
        sys.stderr.close()
        return 0
    except SettingsError as error:
        print_wrong(f"omnitrack: {error}")
        return 2
    except (OmnitrackError, OSError) as error:
        print_wrong(f"omnitrack: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Return what reads the arguments of every command."""
    made = Parser(
        prog="omnitrack",
        description="One person, every channel, one timeline.",
        epilog=f"Store, region, own identifiers, policy and options of loads may stand in {SETTINGS}. A secret is taken from OMNITRACK_SECRET.",
    )
    made.add_argument("--version", action="version", version=f"omnitrack {omnitrack.__version__}")
    add_common(made)
    commands = made.add_subparsers(metavar="COMMAND", required=True)

    def command(run: Run, text: str, *positional: str, **facts: bool) -> argparse.ArgumentParser:
        added = commands.add_parser(run.__name__.removeprefix("_").replace("_", "-"), help=text, description=text)
        for argument in positional:
            added.add_argument(argument, metavar=argument.upper())
        added.set_defaults(run=run, **(FACTS | facts))
        add_common(added.add_argument_group("for every command"), behind=True)
        return added

    for group in (beginning, loading, reading, insights, statements, service, cases, agents, upkeep, schema):
        group.add(command)
    return made
