"""How many files an input of a figure has: the values of `INPUTS`.

Each figure is a module of a family below this package, such as `vog.errors`. It offers `INPUTS`, which maps the names
of its inputs to how many files they are, and `draw(inputs, settings)`, which reads them and returns the figure: of one
file `inputs` has the path, of several or any number of files a list of paths. plot.py draws it, and several figures in
one process where a rule wants them together: inputs of the same name are then the same files.
"""

ONE, SEVERAL, ANY = None, "+", "*"  # as argparse has them
