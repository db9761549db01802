#!/usr/bin/env bash
# Training on the GPUs of one node or several, as a Slurm job. All arguments are those of 'speechdis train':
#
#     sbatch --nodes 2 egs/slurm/train.sh --config revoice --features feats --augmented feats-twins \
#       --out exp/revoice --set training.pool_gb=256
#
# Five minutes before its time ends, the job keeps its state and goes back into the queue; there it goes on exactly where
# it was. So it does where Slurm itself puts it back: preempted, or a node that died. A job that ends with an error stays
# ended. Where there is no Slurm, the script trains on this machine, with a process for each of PROCESSES (default 1).
#
#SBATCH --job-name=speechdis
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=16
#SBATCH --time=24:00:00
#SBATCH --signal=B:USR1@300
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail

job=${SLURM_JOB_ID:-0}
processes=${PROCESSES:-${SLURM_GPUS_ON_NODE:-1}} # of each node
group=(--nnodes "${SLURM_JOB_NUM_NODES:-1}" --nproc-per-node "$processes")
launch=()
if [ "$job" = 0 ]; then
  group+=(--standalone)
else
  first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
  group+=(--rdzv-backend c10d --rdzv-id "$job" --rdzv-endpoint "$first:$((20000 + job % 10000))")
  launch=(srun --kill-on-bad-exit=1) # one torchrun a node
fi
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$((${SLURM_CPUS_PER_TASK:-$(nproc)} / processes))}

# srun and torchrun pass the signal on, and training stops when its state is kept.
again() {
  trap - USR1
  kill -TERM "$training"
  wait "$training" || true
  [ "$job" = 0 ] || scontrol requeue "$job"
}
trap again USR1
"${launch[@]}" python -m torch.distributed.run "${group[@]}" -m speechdis train --resume "$@" &
training=$!
wait "$training"
