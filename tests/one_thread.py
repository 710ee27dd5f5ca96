"""One thread for each process, as long as nobody says otherwise: the workers of pytest-xdist are
as many as there are cores. It must be imported before NumPy.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
