"""What every rule file uses to declare its rules.

A job's parameters are three: `settings`, the keys of the configuration that its result depends on; `code`, a digest
of the source it runs; `upstream`, a hash chain over settings and code of all that it depends on. Snakemake runs a job
again when one of them differs from what its results were made with, and only then.
"""

import inspect

from difficulty.atlas import figure_places
from difficulty.plan.vog import SHARD

NAME, RUN = r"[A-Za-z0-9][A-Za-z0-9_-]*", r"seed-\d+(-fold-\d+)?"


wildcard_constraints:
    dataset=NAME,
    experiment=NAME,
    group=NAME,
    detection=NAME,
    run=RUN,
    epoch=r"\d+",
    shard=SHARD,


def any_of(names):
    """A regular expression for a wildcard that stands for one of some names; for nothing if there are none."""
    return "|".join(names) or "(?!)"


def memory(wildcards, attempt, rulename):
    """A job's memory in MB, by its formula in difficulty/costs/formulas: as much again with every retry."""
    may_have_gpu = has_gpu() or not workflow.local_exec  # only the node of a job tells
    return estimates.memory(own_name(rulename), dict(wildcards.items()), attempt, may_have_gpu)


def minutes(wildcards, attempt, rulename):
    """How many minutes a job may take, by the same formula, and as many again with every retry."""
    return estimates.minutes(own_name(rulename), dict(wildcards.items()), attempt)


def own_name(rule):
    """The name of a rule here, whatever a workflow calls it that uses this one as a module."""
    return rule.removeprefix(before_names).removesuffix(after_names)


def workers(wildcards):
    """Processes that decode images next to the one that trains or evaluates, where images stay in their files."""
    return plan.training.workers(wildcards.experiment)


def threads_with_workers(wildcards):
    """One, and one for each of the workers if it is known that there will be any."""
    return plan.training.threads(wildcards.experiment)


def first_results(wildcards):
    """The priority of a job: what the experiment of most interest needs runs first, so that there is soon one to read."""
    experiment = next(iter(plan.by_interest()), None)
    datasets = plan.data.ancestors(plan.data.of(experiment)) if experiment else []
    return int(wildcards.get("experiment") == experiment or wildcards.get("dataset") in datasets)


def of_wildcards(method):
    """A function of the wildcards that calls a method of the plan with those that its parameters are named after."""
    names = [name for name, each in inspect.signature(method).parameters.items() if each.default is each.empty]
    return lambda wildcards: method(*(getattr(wildcards, name) for name in names))


def parameters(method):
    """settings, code and upstream of a rule whose stage a method of the plan returns."""
    stage = of_wildcards(method)
    return {
        "settings": lambda wildcards: stage(wildcards).settings,
        "code": lambda wildcards: stage(wildcards).code,
        "upstream": lambda wildcards: stage(wildcards).upstream,
    }


def users_paths(files):
    """Paths of the user's for an input function. With results in a storage, the job that reads one runs beside it."""
    found = literal_paths.literal(files)
    if not in_storage:
        return found
    found = [found] if isinstance(found, str) else found
    return [path if path.startswith("results/") else local(path) for path in found]


def users_files(method):
    """An input function for files of the user's, which a method of the plan returns or misses."""
    found = of_wildcards(method)

    def literal_files(wildcards):
        try:
            return users_paths(found(wildcards))
        except UserError as error:
            end_with(error)

    return literal_files


def beside(table):
    """What a job without a shared disk fetches beside a data set's table of pixels: image files, unless none is read."""
    dataset = Path(table).parent.name
    if dataset in plan.data.recorded:
        return []
    found = [paths.FILES] if plan.data.image_storage()[dataset] == "memory" else [paths.FILES, paths.IMAGES]
    return [pattern.format(dataset=dataset) for pattern in found]


def subset_evidence(wildcards):
    """The tables that say which examples of a subset are chosen.

    Scores count as `ancient`: they are written again when a seed is added, which changes nothing of the subset;
    `upstream` says when what was chosen by has changed.
    """
    found = plan.data.evidence(wildcards.dataset)
    by = plan.datasets[wildcards.dataset]["select"]["by"]
    return ancient(found) if by == "score" else users_paths(found)


OPTIONS = {
    "threads": "--threads {threads}",
    "processes": "--processes {threads}",
    "workers": "--workers {resources.workers}",
    "memory": "--memory {resources.budget}",
    "epoch": "--epoch {wildcards.epoch}",
    "half": "--half {wildcards.half}",
    "runs": "--runs {params.runs:q}",
}


def command(script, options="", inputs="", outputs="output", are_long=False):
    """The shell text of a rule, its script with the three parameters, its log, and an option for every file.

    options: names of OPTIONS. inputs, outputs: names of the files in `input` and `output`, which the script's options are
    called after, or `option=name` where they are not; an output that is called `output` has no name there. are_long:
    settings that grow with the number of experiments are piped, as Linux takes no argument above 128 KiB.
    """
    given = ("printf %s {params.settings:q} | ", "-") if are_long else ("", "{params.settings:q}")
    parts = [f'{given[0]}python "$SCRIPTS"/{script}.py --settings {given[1]} --code {{params.code}}']
    parts += ["--upstream={params.upstream} --log {log:q}", *(OPTIONS[name] for name in options.split())]
    for kind, names in (("input", inputs), ("output", outputs)):
        for option, _, name in (each.partition("=") for each in names.split()):
            place = kind if option == "output" and not name else f"{kind}.{name or option}"
            parts.append(f"--{option.replace('_', '-')} {{{place}:q}}")
    return " ".join(parts)


def figure_files(place, category, **labels):
    """The outputs of a rule that draws a figure, a PNG that goes into the report, and the other formats.

    place: path below results/figures/ without suffix, which says what its caption is.
    """
    caption = figure_places.CAPTIONS / f"{figure_places.caption(place)}.rst"
    shown = report(paths.figure(place), caption=str(caption), category=category, labels=labels)
    others = [format for format in plan.figures.formats if format != "png"]
    return {"png": shown, **{format: paths.figure(place, format) for format in others}}


def together(*figures):
    """A list of files for each format, as a rule has them that draws several figures; of what `figure_files` returns."""
    return {format: [figure[format] for figure in figures] for format in figures[0]}


def drawing(method):
    """The parameters of a rule that draws figures, those of its stage, their names, and options for all its files.

    Each input and output is given by the option that has its name.
    """
    stage = of_wildcards(method)

    def options(wildcards, input, output):
        files = [*input.items(), *output.items()]
        return [word for name, paths in files for word in (f"--{name.replace('_', '-')}", *words(paths))]

    return {**parameters(method), "figures": lambda wildcards: stage(wildcards).figures, "options": options}


def words(paths):
    return [paths] if isinstance(paths, str) else list(paths)
