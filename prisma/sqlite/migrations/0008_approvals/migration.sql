-- AlterTable
ALTER TABLE "Announcement" ADD COLUMN "forAreas" TEXT NOT NULL DEFAULT '[]';
ALTER TABLE "Announcement" ADD COLUMN "decisions" TEXT NOT NULL DEFAULT '[]';

-- AlterTable
ALTER TABLE "Broadcast" ADD COLUMN "clearance" TEXT;

-- AlterTable
ALTER TABLE "Schedule" ADD COLUMN "fallbackId" TEXT;

-- CreateTable
CREATE TABLE "StandingApproval" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "seriesId" TEXT NOT NULL,
    "scheduleId" TEXT NOT NULL,
    "areaId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "areas" TEXT NOT NULL,
    "exceptAreas" TEXT NOT NULL,
    "terms" TEXT NOT NULL,
    "editors" TEXT,
    "maxMinutes" INTEGER NOT NULL,
    "note" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "at" REAL NOT NULL,
    "expiresAt" REAL NOT NULL,
    "endedAt" REAL,
    "endedBy" TEXT,
    "endedReason" TEXT
);

-- CreateTable
CREATE TABLE "Emergency" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "announcementId" TEXT NOT NULL,
    "areaId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "sha256" TEXT NOT NULL,
    "request" TEXT NOT NULL,
    "askedBy" TEXT NOT NULL,
    "askedByLeader" BOOLEAN NOT NULL,
    "askedAt" REAL NOT NULL,
    "expiresAt" REAL NOT NULL,
    "state" TEXT NOT NULL,
    "breakGlass" TEXT,
    "decidedBy" TEXT,
    "decidedAt" REAL,
    "broadcastId" TEXT,
    "reviewedBy" TEXT,
    "reviewedAt" REAL,
    "justified" BOOLEAN,
    "reviewNote" TEXT
);

-- CreateIndex
CREATE INDEX "StandingApproval_seriesId_idx" ON "StandingApproval"("seriesId");

-- CreateIndex
CREATE INDEX "StandingApproval_areaId_at_idx" ON "StandingApproval"("areaId", "at");

-- CreateIndex
CREATE INDEX "Emergency_areaId_askedAt_idx" ON "Emergency"("areaId", "askedAt");

-- CreateIndex
CREATE INDEX "Emergency_state_idx" ON "Emergency"("state");

-- What was approved before holds in its own area, by whoever approved it last.
UPDATE "Announcement" SET "decisions" = '[{"areaId":"' || "areaId" || '","verdict":"approved","by":"' || REPLACE(REPLACE(COALESCE(
    (SELECT "actor" FROM "AuditEntry" WHERE "action" = 'announcement.approve' AND "subject" = "Announcement"."id" ORDER BY "seq" DESC LIMIT 1),
    'unknown'), '\', '\\'), '"', '\"') || '","at":' || CAST(CAST("updatedAt" AS BIGINT) AS TEXT) || ',"reason":null}]'
WHERE "state" = 'approved';
