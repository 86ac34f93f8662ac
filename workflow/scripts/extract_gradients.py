"""Gradient maps of a run's examples at one checkpoint: d logit / d image, averaged over channels."""

from difficulty.scores.gradient_maps import maps_writer
from difficulty.scores.gradient_parts import epoch_of
from difficulty.stage import run_stage
from difficulty.training.gradient_command import gradient_arguments, gradient_pass


def main(args):
    gradients = gradient_pass(args, [epoch_of(args.output)])
    with maps_writer(args.output, gradients.size, gradients.provenance) as write:
        for example_ids, passes in gradients.batches:
            maps, *predictions = (values.cpu().numpy() for values in next(passes))
            write(example_ids, *predictions, maps)


if __name__ == "__main__":
    run_stage(main, gradient_arguments(__doc__, "epoch-5.parquet, or epoch-5-shard-1.parquet"))
