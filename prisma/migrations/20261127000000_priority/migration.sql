-- AlterTable
ALTER TABLE "experiments" ADD COLUMN "priority" INTEGER NOT NULL DEFAULT 10;

-- AlterTable
ALTER TABLE "trials" ADD COLUMN "turn" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "outbox" ADD COLUMN "turn" INTEGER NOT NULL DEFAULT 0;

-- What follows has no notation in schema.prisma.

ALTER TABLE "experiments" ADD CONSTRAINT "experiments_priority_check" CHECK ("priority" BETWEEN 1 AND 100);
-- A new stage's turns begin where the service stands.
CREATE INDEX "trials_running_turn_idx" ON "trials"("turn") WHERE "state" = 'running';
CREATE INDEX "trials_waiting_turn_idx" ON "trials"("turn") WHERE "state" IN ('queued', 'preempted');
