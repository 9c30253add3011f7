-- AlterEnum
ALTER TYPE "BroadcastState" ADD VALUE 'missed';

-- AlterTable
ALTER TABLE "Announcement" ADD COLUMN     "stored" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "stream" TEXT;

-- AlterTable
ALTER TABLE "Broadcast" ADD COLUMN     "missedCode" TEXT,
ADD COLUMN     "originalAt" DOUBLE PRECISION,
ADD COLUMN     "scheduleId" TEXT,
ADD COLUMN     "seriesId" TEXT,
ADD COLUMN     "sessionId" TEXT,
ALTER COLUMN "announcementId" DROP NOT NULL;

-- AlterTable
ALTER TABLE "Play" ADD COLUMN     "fallbackMs" DOUBLE PRECISION,
ADD COLUMN     "relayedMs" DOUBLE PRECISION,
ADD COLUMN     "skippedMs" DOUBLE PRECISION NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "Speaker" ADD COLUMN     "sensitive" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "volumeProfile" TEXT NOT NULL DEFAULT '[]';

-- AlterTable
ALTER TABLE "SpeakerStatus" ADD COLUMN     "heldHash" TEXT;

-- CreateTable
CREATE TABLE "Setting" (
    "name" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "updatedAt" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "Setting_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "Programme" (
    "id" TEXT NOT NULL,
    "areaId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "items" TEXT NOT NULL,
    "chime" TEXT,
    "createdBy" TEXT NOT NULL,
    "createdAt" DOUBLE PRECISION NOT NULL,
    "updatedAt" DOUBLE PRECISION NOT NULL,
    "retiredAt" DOUBLE PRECISION,

    CONSTRAINT "Programme_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Schedule" (
    "id" TEXT NOT NULL,
    "seriesId" TEXT NOT NULL,
    "areaId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "priority" "Priority" NOT NULL,
    "content" TEXT NOT NULL,
    "targets" TEXT NOT NULL,
    "rule" TEXT NOT NULL,
    "start" TEXT NOT NULL,
    "overlap" TEXT NOT NULL,
    "afterInterruption" TEXT NOT NULL,
    "gainDb" DOUBLE PRECISION NOT NULL,
    "makeGood" TEXT NOT NULL,
    "windowOverride" TEXT,
    "againOf" TEXT,
    "pausedAt" DOUBLE PRECISION,
    "pausedBy" TEXT,
    "deletedAt" DOUBLE PRECISION,
    "createdBy" TEXT NOT NULL,
    "createdAt" DOUBLE PRECISION NOT NULL,
    "updatedAt" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "Schedule_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "PlannedSlot" (
    "broadcastId" TEXT NOT NULL,
    "scheduleId" TEXT NOT NULL,
    "announcementId" TEXT NOT NULL,
    "areaId" TEXT NOT NULL,
    "seriesId" TEXT NOT NULL,
    "sessionId" TEXT NOT NULL,
    "originalAt" DOUBLE PRECISION NOT NULL,
    "position" INTEGER NOT NULL,
    "startsAt" DOUBLE PRECISION NOT NULL,
    "latestStartAt" DOUBLE PRECISION NOT NULL,
    "expiresAt" DOUBLE PRECISION NOT NULL,
    "revision" BIGINT NOT NULL,
    "lineHash" TEXT NOT NULL,
    "line" TEXT NOT NULL,
    "scopes" TEXT NOT NULL,
    "publishedAt" DOUBLE PRECISION NOT NULL,
    "withdrawnAt" DOUBLE PRECISION,
    "issuedAt" DOUBLE PRECISION,

    CONSTRAINT "PlannedSlot_pkey" PRIMARY KEY ("broadcastId")
);

-- CreateTable
CREATE TABLE "PlanHead" (
    "scope" TEXT NOT NULL,
    "revision" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "document" TEXT NOT NULL,
    "validUntil" DOUBLE PRECISION NOT NULL,
    "issuedAt" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "PlanHead_pkey" PRIMARY KEY ("scope")
);

-- CreateTable
CREATE TABLE "PlanDocument" (
    "sha256" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "createdAt" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "PlanDocument_pkey" PRIMARY KEY ("sha256")
);

-- CreateTable
CREATE TABLE "Latch" (
    "id" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "revision" BIGINT NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "setBy" TEXT NOT NULL,
    "setAt" DOUBLE PRECISION NOT NULL,
    "releasedBy" TEXT,
    "releasedAt" DOUBLE PRECISION,
    "hash" TEXT NOT NULL,
    "document" TEXT NOT NULL,

    CONSTRAINT "Latch_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Programme_areaId_idx" ON "Programme"("areaId");

-- CreateIndex
CREATE INDEX "Schedule_areaId_idx" ON "Schedule"("areaId");

-- CreateIndex
CREATE INDEX "Schedule_seriesId_idx" ON "Schedule"("seriesId");

-- CreateIndex
CREATE INDEX "PlannedSlot_startsAt_idx" ON "PlannedSlot"("startsAt");

-- CreateIndex
CREATE INDEX "PlannedSlot_scheduleId_idx" ON "PlannedSlot"("scheduleId");

-- CreateIndex
CREATE INDEX "PlanDocument_createdAt_idx" ON "PlanDocument"("createdAt");

-- CreateIndex
CREATE INDEX "Latch_scope_idx" ON "Latch"("scope");

-- CreateIndex
CREATE INDEX "Broadcast_seriesId_originalAt_idx" ON "Broadcast"("seriesId", "originalAt");

-- CreateIndex
CREATE INDEX "Broadcast_makesGoodOf_idx" ON "Broadcast"("makesGoodOf");

-- CreateIndex
CREATE INDEX "Broadcast_startsAt_idx" ON "Broadcast"("startsAt");

-- AddForeignKey
ALTER TABLE "Programme" ADD CONSTRAINT "Programme_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Schedule" ADD CONSTRAINT "Schedule_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
