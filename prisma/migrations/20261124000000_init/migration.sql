-- CreateEnum
CREATE TYPE "experiment_state" AS ENUM ('queued', 'running', 'evaluating', 'succeeded', 'failed', 'cancelled');

-- CreateEnum
CREATE TYPE "stage_name" AS ENUM ('float', 'movingScales', 'frozenScales');

-- CreateEnum
CREATE TYPE "stage_state" AS ENUM ('waiting', 'running', 'succeeded', 'failed', 'cancelled');

-- CreateEnum
CREATE TYPE "trial_state" AS ENUM ('queued', 'running', 'preempted', 'succeeded', 'failed', 'cancelled');

-- CreateEnum
CREATE TYPE "attempt_state" AS ENUM ('running', 'succeeded', 'failed', 'preempted', 'cancelled');

-- CreateEnum
CREATE TYPE "checkpoint_kind" AS ENUM ('lowestLoss', 'highestAccuracy', 'latest');

-- CreateEnum
CREATE TYPE "worker_state" AS ENUM ('online', 'draining', 'retired', 'lost');

-- CreateTable
CREATE TABLE "experiments" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "state" "experiment_state" NOT NULL DEFAULT 'queued',
    "dataset" TEXT NOT NULL,
    "augmentation" TEXT NOT NULL,
    "network" TEXT NOT NULL,
    "input_rows" INTEGER NOT NULL,
    "input_cols" INTEGER NOT NULL,
    "input_channels" INTEGER NOT NULL,
    "classes" INTEGER NOT NULL,
    "strategy" TEXT NOT NULL,
    "budget_bytes" DOUBLE PRECISION NOT NULL,
    "weight_bytes" DOUBLE PRECISION NOT NULL,
    "activation_bytes" DOUBLE PRECISION NOT NULL,
    "seed" BIGINT NOT NULL,
    "idempotency_key" TEXT,
    "body_hash" TEXT,
    "data_hash" TEXT,
    "failure_reason" TEXT,
    "event_sequence" INTEGER NOT NULL DEFAULT 0,
    "epochs_done" INTEGER NOT NULL DEFAULT 0,
    "epochs_total" INTEGER NOT NULL,
    "trained_ms" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "evaluation_attempt" INTEGER NOT NULL DEFAULT 0,
    "evaluation_failures" INTEGER NOT NULL DEFAULT 0,
    "evaluation_dispatch" INTEGER NOT NULL DEFAULT 0,
    "evaluation_dispatched_at" TIMESTAMPTZ(3),
    "evaluation_worker_id" UUID,
    "evaluation_lease_expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "experiments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stages" (
    "id" UUID NOT NULL,
    "experiment_id" UUID NOT NULL,
    "name" "stage_name" NOT NULL,
    "position" INTEGER NOT NULL,
    "state" "stage_state" NOT NULL DEFAULT 'waiting',
    "trial_count" INTEGER NOT NULL,
    "epochs" INTEGER NOT NULL,
    "batch_size" INTEGER NOT NULL,
    "learning_rate_initial" DOUBLE PRECISION NOT NULL,
    "learning_rate_decay" DOUBLE PRECISION NOT NULL,
    "learning_rate_minimum" DOUBLE PRECISION NOT NULL,
    "succeeded_trials" INTEGER NOT NULL DEFAULT 0,
    "failed_trials" INTEGER NOT NULL DEFAULT 0,
    "epochs_done" INTEGER NOT NULL DEFAULT 0,
    "trained_ms" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "picked_trial_id" UUID,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "stages_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "trials" (
    "id" UUID NOT NULL,
    "experiment_id" UUID NOT NULL,
    "stage_id" UUID NOT NULL,
    "stage_name" "stage_name" NOT NULL,
    "trial_index" INTEGER NOT NULL,
    "state" "trial_state" NOT NULL DEFAULT 'queued',
    "numerics_id" TEXT,
    "reproducible" BOOLEAN,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "preemptions" INTEGER NOT NULL DEFAULT 0,
    "dispatch" INTEGER NOT NULL DEFAULT 0,
    "dispatched_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "epochs_done" INTEGER NOT NULL DEFAULT 0,
    "trained_ms" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "validation_total" INTEGER,
    "best_loss" DOUBLE PRECISION,
    "best_loss_epoch" INTEGER,
    "best_loss_correct" INTEGER,
    "best_correct" INTEGER,
    "best_correct_epoch" INTEGER,
    "best_correct_loss" DOUBLE PRECISION,
    "score" DOUBLE PRECISION,
    "failure_reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "trials_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "attempts" (
    "trial_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "worker_id" UUID NOT NULL,
    "state" "attempt_state" NOT NULL DEFAULT 'running',
    "start_epoch" INTEGER NOT NULL,
    "epochs_done" INTEGER NOT NULL,
    "lease_expires_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),
    "reason" TEXT,

    CONSTRAINT "attempts_pkey" PRIMARY KEY ("trial_id","number")
);

-- CreateTable
CREATE TABLE "epochs" (
    "trial_id" UUID NOT NULL,
    "epoch" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "learning_rate" DOUBLE PRECISION NOT NULL,
    "train_loss" DOUBLE PRECISION NOT NULL,
    "validation_loss" DOUBLE PRECISION NOT NULL,
    "validation_correct" INTEGER NOT NULL,
    "validation_total" INTEGER NOT NULL,
    "duration_ms" DOUBLE PRECISION NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "epochs_pkey" PRIMARY KEY ("trial_id","epoch")
);

-- CreateTable
CREATE TABLE "checkpoints" (
    "trial_id" UUID NOT NULL,
    "kind" "checkpoint_kind" NOT NULL,
    "epochs_done" INTEGER NOT NULL,
    "steps" INTEGER NOT NULL,
    "parameters" BYTEA NOT NULL,
    "first_moment" BYTEA,
    "second_moment" BYTEA,
    "sha256" TEXT NOT NULL,
    "saved_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "checkpoints_pkey" PRIMARY KEY ("trial_id","kind")
);

-- CreateTable
CREATE TABLE "selections" (
    "id" UUID NOT NULL,
    "experiment_id" UUID NOT NULL,
    "stage_id" UUID NOT NULL,
    "rule" TEXT NOT NULL,
    "chosen_trial_id" UUID NOT NULL,
    "runner_up_trial_id" UUID,
    "images" INTEGER NOT NULL,
    "weight" DOUBLE PRECISION,
    "details" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "selections_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "selection_scores" (
    "selection_id" UUID NOT NULL,
    "trial_id" UUID NOT NULL,
    "trial_index" INTEGER NOT NULL,
    "loss" DOUBLE PRECISION NOT NULL,
    "correct" INTEGER NOT NULL,
    "best_correct" INTEGER NOT NULL,
    "score" DOUBLE PRECISION,

    CONSTRAINT "selection_scores_pkey" PRIMARY KEY ("selection_id","trial_id")
);

-- CreateTable
CREATE TABLE "models" (
    "id" UUID NOT NULL,
    "experiment_id" UUID NOT NULL,
    "trial_id" UUID NOT NULL,
    "test_correct" INTEGER NOT NULL,
    "test_total" INTEGER NOT NULL,
    "json" BYTEA NOT NULL,
    "json_sha256" TEXT NOT NULL,
    "h5" BYTEA NOT NULL,
    "h5_sha256" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "models_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "workers" (
    "id" UUID NOT NULL,
    "host" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "device" TEXT NOT NULL,
    "numerics_id" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "state" "worker_state" NOT NULL DEFAULT 'online',
    "samples_per_second" DOUBLE PRECISION,
    "current_trial_id" UUID,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "heartbeat_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retired_at" TIMESTAMPTZ(3),

    CONSTRAINT "workers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "job_id" TEXT NOT NULL,
    "queue" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "upkeep" (
    "task" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "upkeep_pkey" PRIMARY KEY ("task")
);

-- CreateTable
CREATE TABLE "events" (
    "experiment_id" UUID NOT NULL,
    "sequence" INTEGER NOT NULL,
    "type" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "events_pkey" PRIMARY KEY ("experiment_id","sequence")
);

-- CreateIndex
CREATE UNIQUE INDEX "experiments_idempotency_key" ON "experiments"("idempotency_key");

-- CreateIndex
CREATE INDEX "experiments_state_id_idx" ON "experiments"("state", "id");

-- CreateIndex
CREATE UNIQUE INDEX "stages_experiment_id_position_key" ON "stages"("experiment_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "stages_experiment_id_name_key" ON "stages"("experiment_id", "name");

-- CreateIndex
CREATE INDEX "trials_stage_id_state_id_idx" ON "trials"("stage_id", "state", "id");

-- CreateIndex
CREATE INDEX "trials_experiment_id_id_idx" ON "trials"("experiment_id", "id");

-- CreateIndex
CREATE INDEX "trials_experiment_id_state_id_idx" ON "trials"("experiment_id", "state", "id");

-- CreateIndex
CREATE INDEX "trials_state_id_idx" ON "trials"("state", "id");

-- CreateIndex
CREATE INDEX "trials_stage_name_id_idx" ON "trials"("stage_name", "id");

-- CreateIndex
CREATE INDEX "trials_experiment_id_best_loss_id_idx" ON "trials"("experiment_id", "best_loss", "id");

-- CreateIndex
CREATE INDEX "trials_experiment_id_best_correct_id_idx" ON "trials"("experiment_id", "best_correct", "id");

-- CreateIndex
CREATE INDEX "trials_best_loss_id_idx" ON "trials"("best_loss", "id");

-- CreateIndex
CREATE INDEX "trials_best_correct_id_idx" ON "trials"("best_correct", "id");

-- CreateIndex
CREATE UNIQUE INDEX "trials_stage_id_trial_index_key" ON "trials"("stage_id", "trial_index");

-- CreateIndex
CREATE INDEX "attempts_worker_id_started_at_idx" ON "attempts"("worker_id", "started_at");

-- CreateIndex
CREATE UNIQUE INDEX "selections_stage_id_key" ON "selections"("stage_id");

-- CreateIndex
CREATE INDEX "selections_experiment_id_idx" ON "selections"("experiment_id");

-- CreateIndex
CREATE UNIQUE INDEX "models_experiment_id_key" ON "models"("experiment_id");

-- CreateIndex
CREATE INDEX "workers_state_id_idx" ON "workers"("state", "id");

-- CreateIndex
CREATE UNIQUE INDEX "outbox_job_id_key" ON "outbox"("job_id");

-- AddForeignKey
ALTER TABLE "experiments" ADD CONSTRAINT "experiments_evaluation_worker_id_fkey" FOREIGN KEY ("evaluation_worker_id") REFERENCES "workers"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stages" ADD CONSTRAINT "stages_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiments"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stages" ADD CONSTRAINT "stages_picked_trial_id_fkey" FOREIGN KEY ("picked_trial_id") REFERENCES "trials"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "trials" ADD CONSTRAINT "trials_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiments"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "trials" ADD CONSTRAINT "trials_stage_id_fkey" FOREIGN KEY ("stage_id") REFERENCES "stages"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_trial_id_fkey" FOREIGN KEY ("trial_id") REFERENCES "trials"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_worker_id_fkey" FOREIGN KEY ("worker_id") REFERENCES "workers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "epochs" ADD CONSTRAINT "epochs_trial_id_fkey" FOREIGN KEY ("trial_id") REFERENCES "trials"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "checkpoints" ADD CONSTRAINT "checkpoints_trial_id_fkey" FOREIGN KEY ("trial_id") REFERENCES "trials"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "selections" ADD CONSTRAINT "selections_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiments"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "selections" ADD CONSTRAINT "selections_stage_id_fkey" FOREIGN KEY ("stage_id") REFERENCES "stages"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "selections" ADD CONSTRAINT "selections_chosen_trial_id_fkey" FOREIGN KEY ("chosen_trial_id") REFERENCES "trials"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "selections" ADD CONSTRAINT "selections_runner_up_trial_id_fkey" FOREIGN KEY ("runner_up_trial_id") REFERENCES "trials"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "selection_scores" ADD CONSTRAINT "selection_scores_selection_id_fkey" FOREIGN KEY ("selection_id") REFERENCES "selections"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "selection_scores" ADD CONSTRAINT "selection_scores_trial_id_fkey" FOREIGN KEY ("trial_id") REFERENCES "trials"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "models" ADD CONSTRAINT "models_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiments"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "models" ADD CONSTRAINT "models_trial_id_fkey" FOREIGN KEY ("trial_id") REFERENCES "trials"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "events" ADD CONSTRAINT "events_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiments"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What follows has no notation in schema.prisma.

-- One attempt of a trial runs at a time, and the reconciler finds its lapsed leases by index.
CREATE UNIQUE INDEX "attempts_running_key" ON "attempts"("trial_id") WHERE "state" = 'running';
CREATE INDEX "attempts_lease_expires_at_idx" ON "attempts"("lease_expires_at") WHERE "state" = 'running';
CREATE INDEX "experiments_evaluating_idx" ON "experiments"("evaluation_dispatched_at") WHERE "state" = 'evaluating';
CREATE INDEX "trials_waiting_idx" ON "trials"("dispatched_at") WHERE "state" IN ('queued', 'preempted');
CREATE INDEX "workers_heartbeat_at_idx" ON "workers"("heartbeat_at") WHERE "state" IN ('online', 'draining');

ALTER TABLE "experiments"
    ADD CONSTRAINT "experiments_seed_check" CHECK ("seed" BETWEEN 0 AND 9007199254740991),
    ADD CONSTRAINT "experiments_epochs_check" CHECK ("epochs_done" BETWEEN 0 AND "epochs_total");
ALTER TABLE "stages"
    ADD CONSTRAINT "stages_trials_check" CHECK ("succeeded_trials" + "failed_trials" <= "trial_count");
ALTER TABLE "trials"
    ADD CONSTRAINT "trials_numerics_check" CHECK ("attempt" = 0 OR "numerics_id" IS NOT NULL);
ALTER TABLE "epochs"
    ADD CONSTRAINT "epochs_correct_check" CHECK ("validation_correct" BETWEEN 0 AND "validation_total");

INSERT INTO "upkeep" ("task", "due_at") VALUES ('reconcile', now());
