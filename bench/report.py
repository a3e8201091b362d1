"""report.py - what compare.py measured: as CSV, as a table and as a chart.

    python3 bench/report.py FILE.csv        write FILE.md and FILE.svg again

Needs nothing but Python's standard library, so a CSV from somebody's board becomes a
chart anywhere.                                    SPDX-License-Identifier: MIT
"""
import csv
import io
import math
import os
import platform
import re
import sys
import tempfile
from xml.sax.saxutils import escape

OURS = "Tarsier"
COLUMNS = ["date", "cpu", "level", "model", "mmacs", "threads", "engine", "min_ms", "median_ms",
           "p90_ms", "runs", "max_error", "max_value", "peak_gflops", "memory_mib", "start_ms"]
WRONG = 1e-3        # an output that far off, relative to its greatest value, does not count


def cpu_name():
    """As the CPU calls itself, and where that says little, family and model, too."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            lines = dict(re.findall(r"^([^\t:]+)\t*:\s*(.*)$", f.read().split("\n\n")[0], re.M))
    except OSError:
        lines = {}
    name = lines.get("model name") or lines.get("CPU part") or platform.machine()
    if "cpu family" in lines:
        name += f" (family {lines['cpu family']}, model {lines['model']})"
    elif os.path.exists("/proc/device-tree/model"):
        with open("/proc/device-tree/model", encoding="utf-8", errors="replace") as f:
            name = f.read().strip("\0\n ")
    return name


def file_name(cpu):
    return re.sub(r"[^A-Za-z0-9]+", "-", cpu).strip("-").lower()


def relative(error, largest):
    """A difference as a share of the greatest value, which may be 0."""
    return error / largest if largest else math.inf if error else 0.0


def milliseconds(value):
    return f"{value:.3f}" if value >= 0.1 else f"{value:.2g}"


def is_wrong(row):
    return not float(row["max_error"]) <= WRONG * float(row["max_value"])


def groups(rows):
    """(model, threads) -> rows, ours first; in the order in which they came."""
    found = {}
    for row in rows:
        found.setdefault((row["model"], int(row["threads"])), []).append(row)
    return found


def median(row):
    return float(row["median_ms"])


def best_peer(group):
    peers = [row for row in group if row["engine"] != OURS and not is_wrong(row)]
    return min(peers, key=median) if peers else None


def ratio(group):
    best = best_peer(group)
    return median(best) / median(ours_of(group)) if best else None


def ours_of(group):
    return next(row for row in group if row["engine"] == OURS)


def efficiency(row):
    """Percent of the FMA peak: the fastest run against the fastest multiply-adds."""
    peak = float(row["peak_gflops"])
    return 200 * float(row["mmacs"]) / float(row["min_ms"]) / peak if peak else None


def line(rows, model, threads):
    """Progress, for the impatient."""
    group = groups(rows)[model, threads]
    times = ", ".join(f"{row['engine']} {milliseconds(median(row))}"
                      f"{' WRONG' if is_wrong(row) else ''}" for row in group)
    r = ratio(group)
    return f"{model} x{threads}: {times}" + (f"; ratio {r:.2f}" if r else "")


# ---- table --------------------------------------------------------------------

def cell(group, name):
    row = next((row for row in group if row["engine"] == name), None)
    if row is None:
        return ""
    return f"wrong: {row['max_error']}" if is_wrong(row) else milliseconds(median(row))


def markdown(rows):
    found = groups(rows)
    names = list(dict.fromkeys(row["engine"] for row in rows))
    lines = [f"# {rows[0]['cpu']}, {rows[0]['level']}", "",
             f"{rows[0]['date']}.  Median milliseconds of one inference, all engines by turns in "
             "one run.  Ratio: the fastest peer's median over ours; above 1 we are faster.  "
             "FMA: our fastest run as a share of the multiply-add peak measured in the same run; "
             "above 100 % where Winograd needs fewer multiply-adds than the definition.  "
             "Error: greatest difference between any engine's output and ours, relative to the "
             "output's greatest value (of classes: the share of pixels that differ).", "",
             "| network | MMAC | threads | " + " | ".join(names) +
             " | best peer | ratio | FMA | error |", "|---" * (len(names) + 7) + "|"]
    for (model, threads), group in found.items():
        mine, best = ours_of(group), best_peer(group)
        share, error = efficiency(mine), max(
            relative(float(r["max_error"]), float(r["max_value"]))
            for r in group if not is_wrong(r))
        lines.append(f"| {model} | {float(mine['mmacs']):.0f} | {threads} | " +
                     " | ".join(cell(group, name) for name in names) +
                     (f" | {best['engine']} | **{ratio(group):.2f}**" if best else " | - | -") +
                     (f" | {share:.0f} %" if share else " | -") + f" | {error:.1g} |")
    lines += ["", "What a loaded network takes with one thread: milliseconds from file to ready / "
              "most MiB resident while running, without what the process had before.  Converting "
              "into a peer's own format is not counted.", "",
              "| network | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for (model, threads), group in found.items():
        if threads == 1:
            by_name = {row["engine"]: row for row in group}
            lines.append(f"| {model} | " + " | ".join(
                f"{float(by_name[n]['start_ms']):.1f} / {float(by_name[n]['memory_mib']):.0f}"
                if n in by_name else "" for n in names) + " |")
    return "\n".join(lines) + "\n"


# ---- chart --------------------------------------------------------------------

PANEL, BAR, HEAD, NAME, WIDTH = 440, 18, 34, 104, 230    # pixels
STYLE = ("text{font:12px sans-serif;fill:#222}.t{font-weight:bold;font-size:13px}"
         ".h{font-weight:bold;font-size:16px}.n{text-anchor:end}.g{fill:#666}"
         ".o{fill:#d9731a}.p{fill:#9fb3c8}.b{fill:#4f7396}")


def bars(group, x, y):
    """One network: a bar for each engine, the fastest on top."""
    mine, best = ours_of(group), best_peer(group)
    right = sorted((row for row in group if not is_wrong(row)), key=median)
    most, r = median(right[-1]), ratio(group)
    out = [f'<text class="t" x="{x}" y="{y + 14}">{escape(mine["model"])}</text>',
           f'<text class="g n" x="{x + NAME + WIDTH + 60}" y="{y + 14}">' +
           (f"{r:.2f} times as fast as {escape(best['engine'])}" if r else "") + "</text>"]
    for i, row in enumerate(right):
        top, width = y + 20 + i * BAR, WIDTH * median(row) / most
        kind = "o" if row is mine else "b" if row is best else "p"
        out += [f'<text class="n" x="{x + NAME - 6}" y="{top + 12}">{escape(row["engine"])}</text>',
                f'<rect class="{kind}" x="{x + NAME}" y="{top}" width="{width:.1f}" '
                f'height="{BAR - 4}" rx="2"/>',
                f'<text x="{x + NAME + width + 5:.1f}" y="{top + 12}">{median(row):.3g}</text>']
    for i, row in enumerate([row for row in group if is_wrong(row)], len(right)):
        top = y + 32 + i * BAR
        out += [f'<text class="n" x="{x + NAME - 6}" y="{top}">{escape(row["engine"])}</text>',
                f'<text class="g" x="{x + NAME}" y="{top}">wrong result</text>']
    return out


def svg(rows):
    """A column for each number of threads, a panel for each network."""
    found = groups(rows)
    models = list(dict.fromkeys(m for m, _ in found))
    threads = sorted({t for _, t in found})
    out, y = [], 92
    for i, t in enumerate(threads):
        out.append(f'<text class="t g" x="{20 + i * PANEL}" y="74">'
                   f'{t} thread{"s" if t > 1 else ""}</text>')
    for model in models:
        here = {t: found[model, t] for t in threads if (model, t) in found}
        for i, t in enumerate(threads):
            if t in here:
                out += bars(here[t], 20 + i * PANEL, y)
        y += HEAD + BAR * max(len(g) for g in here.values())
    width = 20 + PANEL * len(threads)
    title = f"{rows[0]['cpu']}, {rows[0]['level']}"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" '
        f'viewBox="0 0 {width} {y}"><style>{STYLE}</style>',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text class="h" x="20" y="28">{escape(title)}</text>',
        f'<text class="g" x="20" y="48">Median milliseconds of one inference, float32; shorter is '
        f'faster.  {rows[0]["date"]}</text>', *out, "</svg>"]) + "\n"


# ---- files --------------------------------------------------------------------

ENDINGS = (".csv", ".md", ".svg")


def read(path):
    with open(path, newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    if not rows or any(None in row or None in row.values() or set(row) != set(COLUMNS)
                       for row in rows):
        raise ValueError("not what this writes")
    float(rows[0]["median_ms"])
    return rows


def check_writable(base, append):
    """Exit with a sentence if the results could not be written to base.csv and so on."""
    folder = os.path.dirname(base) or "."
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        for ending in ENDINGS:
            if os.path.isdir(base + ending):
                raise IsADirectoryError(0, "is a directory", base + ending)
        if append and os.path.exists(base + ".csv"):
            read(base + ".csv")
    except (OSError, ValueError) as why:
        sys.exit(f"{base}.csv: {getattr(why, 'strerror', None) or why}")


def replace(path, text):
    """All or nothing."""
    with open(path + ".part", "w", newline="", encoding="utf-8") as f:
        f.write(text)
    os.replace(path + ".part", path)


def write(base, rows, append=False):
    """base.csv, .md and .svg.  With append, rows of a network and number of threads take the
    place of older ones.  What cannot be written is printed: it took minutes to measure."""
    if append and os.path.exists(base + ".csv"):
        old, new = groups(read(base + ".csv")), groups(rows)
        rows = [row for group in {**old, **new}.values() for row in group]
    lines = io.StringIO()
    writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    try:
        for ending, text in zip(ENDINGS, (lines.getvalue(), markdown(rows), svg(rows))):
            replace(base + ending, text)
    except OSError as why:
        for ending in ENDINGS:
            if os.path.isfile(base + ending + ".part"):
                os.remove(base + ending + ".part")
        print(lines.getvalue(), end="")
        sys.exit(f"{base}.csv: {why.strerror}; the CSV is printed instead")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].endswith(".csv"):
        sys.exit(__doc__)
    try:
        measured = read(sys.argv[1])
    except (OSError, ValueError) as error:
        sys.exit(f"{sys.argv[1]}: {getattr(error, 'strerror', None) or error}")
    write(sys.argv[1][:-4], measured)
