"""Gradient maps of a run's examples at one checkpoint: d logit / d image, averaged over channels."""

from difficulty.saved_runs.gradients import GradientPass, gradient_pass
from difficulty.saved_runs.options import run_arguments
from difficulty.scores.shards import epoch_of
from difficulty.scores.vog.gradient_maps import maps_writer
from difficulty.stage import run_stage, warn

_MUCH = 4  # GiB


def main(args):
    gradients = gradient_pass(args, [epoch_of(args.output)])
    warn_of_size(gradients)
    with maps_writer(args.output, gradients.size, gradients.provenance) as write:
        for example_ids, passes in gradients.batches():
            maps, *predictions = (values.cpu().numpy() for values in next(passes))
            write(example_ids, *predictions, maps)


def warn_of_size(gradients: GradientPass) -> None:
    """Warns if one checkpoint takes much: there are several, of several runs."""
    height, width = gradients.size
    size = 2 * len(gradients.rows) * height * width / 2**30
    if size > _MUCH:
        warn(f"the maps of one checkpoint take about {size:.0f} GiB; with vog.keep_gradients: false none is kept")


if __name__ == "__main__":
    run_stage(main, run_arguments(__doc__, "epoch-5.parquet, or epoch-5-shard-1.parquet"))
