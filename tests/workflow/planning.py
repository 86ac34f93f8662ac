"""Plans configurations in processes that share one start of Snakemake: a second or less for each instead of three."""

import contextlib
import io
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"


@dataclass(frozen=True)
class Job:
    """One job of a plan."""

    rule: str
    settings: str
    code: str
    upstream: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    command: str = ""
    log: str = ""
    benchmark: str = ""
    threads: int = 1
    resources: dict = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.rule} ({self.outputs[0]})" if self.outputs else self.rule


@dataclass(frozen=True)
class Plan:
    """What a configuration leads to.

    jobs: all jobs of the target `all`, whether finished or not.
    links: digest -> what it is a digest of, for every link of the hash chain.
    problem: what was printed, and the exception, if no plan could be made; empty otherwise.
    """

    jobs: list[Job] = field(default_factory=list)
    links: dict[str, tuple] = field(default_factory=dict)
    problem: str = ""


def plans(configs: Iterable[dict], folder: Path, alone: bool = True) -> Iterator[Plan]:
    """Plans configurations, one after another, in a working directory.

    alone: as given by --configfile; otherwise as the working directory's own, merged into the default one.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["snakemake.api", "snakemake.workflow", "snakemake.dag", "pydantic"])
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as executor:
        for config in configs:
            yield executor.submit(_plan, config, folder, alone).result()


def _plan(config: dict, folder: Path, alone: bool) -> Plan:
    """Only for a process of its own: it changes folder, and the modules that the Snakefile imports."""
    os.chdir(folder)
    file = folder / ("alone.yaml" if alone else "config.yaml")
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    links = _recorded_links()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            jobs = _jobs(folder, [file] if alone else [])
        except (Exception, SystemExit) as error:
            return Plan(problem=f"{printed.getvalue()}{type(error).__name__}: {error}")
    return Plan(jobs, links)


def recording(hash_chain: Callable[..., str], links: dict[str, tuple]) -> Callable[..., str]:
    """A function that makes links of the hash chain, and keeps what each is made of."""

    def recorded(*parts):
        digest = hash_chain(*parts)
        links[digest] = parts
        return digest

    return recorded


def _recorded_links() -> dict[str, tuple]:
    """Has every link of the hash chain that is made from now on kept in the returned dictionary."""
    sys.path.insert(0, str(SCRIPTS))
    import difficulty.hash_chain as module

    links = {}
    module.hash_chain = recording(module.hash_chain, links)
    return links


def _jobs(folder: Path, configfiles: list[Path]) -> list[Job]:
    from snakemake.api import SnakemakeApi
    from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, Quietness, ResourceSettings

    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=2),
            config_settings=ConfigSettings(configfiles=configfiles),
            snakefile=ROOT / "Snakefile",
            workdir=folder,
        )._workflow
        workflow.globals["source_digest"].save()
        workflow.dag_settings = DAGSettings()
        workflow._prepare_dag(forceall=True, ignore_incomplete=True, lock_warn_only=True)
        workflow._build_dag()
        return [_described(job) for job in workflow.dag.jobs]


def _described(job) -> Job:
    assert job.shellcmd is not None or job.rule.name in ("all", "data", "runs", "scores", "figures"), job.rule.name
    parameters = {name: str(job.params.get(name, "")) for name in ("settings", "code", "upstream")}
    asked = ("mem_mb", "runtime", "workers", "budget")
    resources = {name: value for name, value in job.resources.items() if name in asked}
    return Job(
        job.rule.name,
        **parameters,
        inputs=tuple(map(str, job.input)),
        outputs=tuple(map(str, job.output)),
        command=job.shellcmd or "",
        log=str(job.log),
        benchmark=str(job.benchmark or ""),
        threads=job.threads,
        resources=resources,
    )
