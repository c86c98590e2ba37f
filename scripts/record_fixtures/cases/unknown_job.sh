# A job ID that was never given.
ask_all 4000000
squeue -j 4000000 || true
scancel 4000000 || true
scontrol release 4000000 || true
