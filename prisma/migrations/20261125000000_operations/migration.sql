-- AlterTable
ALTER TABLE "experiments" ADD COLUMN "paused_at" TIMESTAMPTZ(3),
ADD COLUMN "format" INTEGER NOT NULL DEFAULT 1;

-- AlterTable
ALTER TABLE "stages" ADD COLUMN "invalid_trials" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "trials" ADD COLUMN "final_sha256" TEXT,
ADD COLUMN "invalid_reason" TEXT,
ADD COLUMN "invalidated_at" TIMESTAMPTZ(3),
ADD COLUMN "repeat_difference" TEXT,
ADD COLUMN "repeat_equal" BOOLEAN,
ADD COLUMN "repeat_of" UUID,
ALTER COLUMN "dispatched_at" DROP NOT NULL;

-- AlterTable
ALTER TABLE "upkeep" ADD COLUMN "grace_until" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "audit" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "experiment_id" UUID,
    "trial_id" UUID,
    "details" JSONB NOT NULL,

    CONSTRAINT "audit_pkey" PRIMARY KEY ("id")
);

-- DropIndex
DROP INDEX "trials_stage_id_trial_index_key";

-- DropIndex
DROP INDEX "trials_experiment_id_best_correct_id_idx";

-- DropIndex
DROP INDEX "trials_best_correct_id_idx";

-- CreateIndex
CREATE INDEX "audit_experiment_id_id_idx" ON "audit"("experiment_id", "id");

-- CreateIndex
CREATE INDEX "stages_picked_trial_id_idx" ON "stages"("picked_trial_id");

-- CreateIndex
CREATE INDEX "trials_stage_id_trial_index_idx" ON "trials"("stage_id", "trial_index");

-- CreateIndex
CREATE INDEX "trials_repeat_of_idx" ON "trials"("repeat_of");

-- CreateIndex
CREATE INDEX "selections_chosen_trial_id_idx" ON "selections"("chosen_trial_id");

-- CreateIndex
CREATE INDEX "selections_runner_up_trial_id_idx" ON "selections"("runner_up_trial_id");

-- CreateIndex
CREATE INDEX "selection_scores_trial_id_idx" ON "selection_scores"("trial_id");

-- CreateIndex
CREATE INDEX "models_trial_id_idx" ON "models"("trial_id");

-- AddForeignKey
ALTER TABLE "trials" ADD CONSTRAINT "trials_repeat_of_fkey" FOREIGN KEY ("repeat_of") REFERENCES "trials"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Written by the database itself, so that it can't drift from the counts: accuracies of data sets of different
-- sizes stand in one order.
ALTER TABLE "trials" ADD COLUMN "best_accuracy" DOUBLE PRECISION
    GENERATED ALWAYS AS ("best_correct"::double precision / nullif("validation_total", 0)) STORED;

-- CreateIndex
CREATE INDEX "trials_experiment_id_best_accuracy_id_idx" ON "trials"("experiment_id", "best_accuracy", "id");

-- CreateIndex
CREATE INDEX "trials_best_accuracy_id_idx" ON "trials"("best_accuracy", "id");

-- What follows has no notation in schema.prisma.

-- A place in a stage belongs to one trial; repeats of that trial share it.
CREATE UNIQUE INDEX "trials_stage_id_trial_index_key" ON "trials"("stage_id", "trial_index") WHERE "repeat_of" IS NULL;
-- One repeat of a trial is under way at a time.
CREATE UNIQUE INDEX "trials_open_repeat_key" ON "trials"("repeat_of")
    WHERE "repeat_of" IS NOT NULL AND "state" IN ('queued', 'running', 'preempted');
-- Pruning looks for what ended long ago.
CREATE INDEX "experiments_finished_at_idx" ON "experiments"("finished_at") WHERE "finished_at" IS NOT NULL;

ALTER TABLE "stages" DROP CONSTRAINT "stages_trials_check",
    ADD CONSTRAINT "stages_trials_check"
        CHECK ("succeeded_trials" + "failed_trials" + "invalid_trials" <= "trial_count");
-- A trial that is to start afresh has no numerics id, however many attempts it has had.
ALTER TABLE "trials" DROP CONSTRAINT "trials_numerics_check",
    ADD CONSTRAINT "trials_numerics_check" CHECK ("epochs_done" = 0 OR "numerics_id" IS NOT NULL);
