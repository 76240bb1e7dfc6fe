#!/usr/bin/python3
"""Is the simulator itself any good? Breaks the core on purpose, one change at a time, and each must be found.

    tests/simulation/mutations.py [--seeds N] [--part K/M] [NAME ...]

The changes are in mutation_list.py. A change that is not found in N histories fails, and so does one whose text is no
longer in the core: the list is to be kept in step with it.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from mutation_list import MUTATIONS

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SEEDS = 20000
FLAGS = ["-std=gnu17", "-O1", "-D_GNU_SOURCE", "-w"]


def sources():
    """What the simulator is made of, by the name of its object."""
    names = re.findall(r"'(\w+\.c)'", (ROOT / "tests/simulation/meson.build").read_text(encoding="utf-8"))
    paths = [ROOT / "tests/simulation" / name for name in names if "fleet" not in name and "plot" not in name]
    return [*paths, *sorted((ROOT / "src/core").glob("*.c")), ROOT / "src/base/clock.c"]


def compile_one(source, target, folder):
    """`folder` comes first: what it holds of the core stands for the real thing."""
    subprocess.run(["cc", *FLAGS, f"-I{folder}", f"-I{ROOT}", f"-I{ROOT / 'src'}", "-c", source, "-o", target], check=True)


def link(objects, target):
    subprocess.run(["cc", *objects, "-Wl,--wrap=process_step", "-o", target], check=True)


class Bench:
    """The parts of the simulator, compiled once."""

    def __init__(self, folder):
        self.folder = folder
        self.objects = {source: folder / f"{source.parent.name}-{source.stem}.o" for source in sources()}
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda item: compile_one(item[0], item[1], folder), self.objects.items()))
        link(self.objects.values(), folder / "simulate")

    def simulate(self, program, seeds, jobs):
        return subprocess.run([program, "--seeds", str(seeds), "--jobs", str(jobs), "--brief"], check=False,
                              capture_output=True, text=True, timeout=600)

    def mutate(self, number, mutation):
        """The program with one change; what depends on a changed header is compiled anew."""
        path = ROOT / "src/core" / mutation.file
        text = path.read_text(encoding="utf-8")
        if text.count(mutation.old) != 1:
            raise LookupError(f"the old text is {text.count(mutation.old)} times in {mutation.file}")
        folder = self.folder / f"{number}"
        (folder / "core").mkdir(parents=True)
        changed = folder / "core" / mutation.file
        changed.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
        objects = dict(self.objects)
        for source in [path] if path.suffix == ".c" else [s for s in objects if s.parent.name == "core"]:
            objects[source] = folder / f"{source.stem}.o"
            compile_one(changed if source == path else source, objects[source], folder)
        link(objects.values(), folder / "simulate")
        return folder / "simulate"

    def run(self, number, mutation, seeds):
        """Returns what is wrong, or None, and what the simulator said."""
        try:
            program = self.mutate(number, mutation)
            done = self.simulate(program, seeds, 1)
        except (LookupError, subprocess.SubprocessError) as error:
            return str(error), ""
        said = done.stdout.strip().splitlines()
        found = next((line for line in said if line.startswith("seed ")), "")
        if done.returncode == 1 and found:
            return None, found
        return f"not found in {seeds} histories", "\n".join(said[-1:]) + done.stderr[-500:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--part", default="1/1", help="only the Kth of M parts of the list")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    part, parts = (int(number) for number in arguments.part.split("/"))
    chosen = [(number, mutation) for number, mutation in enumerate(MUTATIONS)
              if number % parts == part - 1 and (not arguments.names or mutation.name in arguments.names)]

    failures = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pathlib.Path(folder))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = pool.map(lambda item: (item[1], *bench.run(*item, arguments.seeds)), chosen)
            for mutation, wrong, said in results:
                print(f"{'SURVIVED' if wrong else 'found'}: {mutation.name}: {wrong or said}", flush=True)
                if wrong:
                    failures.append(mutation.name)
                    print(f"    {mutation.breaks}\n    {said}", flush=True)
    print(f"{len(chosen) - len(failures)} of {len(chosen)} mutations found")
    return 1 if failures or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
