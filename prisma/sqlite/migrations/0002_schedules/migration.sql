-- AlterTable
ALTER TABLE "SpeakerStatus" ADD COLUMN "heldHash" TEXT;

-- CreateTable
CREATE TABLE "Setting" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "value" TEXT NOT NULL,
    "updatedAt" REAL NOT NULL
);

-- CreateTable
CREATE TABLE "Programme" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "areaId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "items" TEXT NOT NULL,
    "chime" TEXT,
    "createdBy" TEXT NOT NULL,
    "createdAt" REAL NOT NULL,
    "updatedAt" REAL NOT NULL,
    "retiredAt" REAL,
    CONSTRAINT "Programme_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Schedule" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "seriesId" TEXT NOT NULL,
    "areaId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "priority" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "targets" TEXT NOT NULL,
    "rule" TEXT NOT NULL,
    "start" TEXT NOT NULL,
    "overlap" TEXT NOT NULL,
    "afterInterruption" TEXT NOT NULL,
    "gainDb" REAL NOT NULL,
    "makeGood" TEXT NOT NULL,
    "windowOverride" TEXT,
    "againOf" TEXT,
    "pausedAt" REAL,
    "pausedBy" TEXT,
    "deletedAt" REAL,
    "createdBy" TEXT NOT NULL,
    "createdAt" REAL NOT NULL,
    "updatedAt" REAL NOT NULL,
    CONSTRAINT "Schedule_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "PlannedSlot" (
    "broadcastId" TEXT NOT NULL PRIMARY KEY,
    "scheduleId" TEXT NOT NULL,
    "announcementId" TEXT NOT NULL,
    "areaId" TEXT NOT NULL,
    "seriesId" TEXT NOT NULL,
    "sessionId" TEXT NOT NULL,
    "originalAt" REAL NOT NULL,
    "position" INTEGER NOT NULL,
    "startsAt" REAL NOT NULL,
    "latestStartAt" REAL NOT NULL,
    "expiresAt" REAL NOT NULL,
    "revision" BIGINT NOT NULL,
    "lineHash" TEXT NOT NULL,
    "line" TEXT NOT NULL,
    "scopes" TEXT NOT NULL,
    "publishedAt" REAL NOT NULL,
    "withdrawnAt" REAL,
    "issuedAt" REAL
);

-- CreateTable
CREATE TABLE "PlanHead" (
    "scope" TEXT NOT NULL PRIMARY KEY,
    "revision" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "document" TEXT NOT NULL,
    "validUntil" REAL NOT NULL,
    "issuedAt" REAL NOT NULL
);

-- CreateTable
CREATE TABLE "PlanDocument" (
    "sha256" TEXT NOT NULL PRIMARY KEY,
    "body" TEXT NOT NULL,
    "createdAt" REAL NOT NULL
);

-- CreateTable
CREATE TABLE "Latch" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "scope" TEXT NOT NULL,
    "revision" BIGINT NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "setBy" TEXT NOT NULL,
    "setAt" REAL NOT NULL,
    "releasedBy" TEXT,
    "releasedAt" REAL,
    "hash" TEXT NOT NULL,
    "document" TEXT NOT NULL
);

-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_Announcement" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "areaId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "origin" TEXT NOT NULL,
    "language" TEXT NOT NULL,
    "priority" TEXT NOT NULL,
    "text" TEXT,
    "state" TEXT NOT NULL,
    "mediaSha256" TEXT,
    "stream" TEXT,
    "stored" BOOLEAN NOT NULL DEFAULT false,
    "approvedSha256" TEXT,
    "rejectedReason" TEXT,
    "createdBy" TEXT NOT NULL,
    "createdAt" REAL NOT NULL,
    "updatedAt" REAL NOT NULL,
    CONSTRAINT "Announcement_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "Announcement_mediaSha256_fkey" FOREIGN KEY ("mediaSha256") REFERENCES "Medium" ("sha256") ON DELETE RESTRICT ON UPDATE CASCADE
);
INSERT INTO "new_Announcement" ("approvedSha256", "areaId", "category", "createdAt", "createdBy", "id", "language", "mediaSha256", "origin", "priority", "rejectedReason", "state", "text", "title", "updatedAt") SELECT "approvedSha256", "areaId", "category", "createdAt", "createdBy", "id", "language", "mediaSha256", "origin", "priority", "rejectedReason", "state", "text", "title", "updatedAt" FROM "Announcement";
DROP TABLE "Announcement";
ALTER TABLE "new_Announcement" RENAME TO "Announcement";
CREATE INDEX "Announcement_areaId_createdAt_idx" ON "Announcement"("areaId", "createdAt");
CREATE INDEX "Announcement_mediaSha256_idx" ON "Announcement"("mediaSha256");
CREATE TABLE "new_Broadcast" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "announcementId" TEXT,
    "areaId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "priority" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "startsAt" REAL NOT NULL,
    "latestStartAt" REAL NOT NULL,
    "hardEndAt" REAL NOT NULL,
    "targets" TEXT NOT NULL,
    "targetCount" INTEGER NOT NULL,
    "drill" BOOLEAN NOT NULL,
    "makesGoodOf" TEXT,
    "cancelReason" TEXT,
    "missedCode" TEXT,
    "scheduleId" TEXT,
    "seriesId" TEXT,
    "sessionId" TEXT,
    "originalAt" REAL,
    "createdBy" TEXT NOT NULL,
    "createdAt" REAL NOT NULL,
    CONSTRAINT "Broadcast_announcementId_fkey" FOREIGN KEY ("announcementId") REFERENCES "Announcement" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "Broadcast_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);
INSERT INTO "new_Broadcast" ("announcementId", "areaId", "cancelReason", "createdAt", "createdBy", "drill", "hardEndAt", "id", "latestStartAt", "makesGoodOf", "priority", "startsAt", "state", "targetCount", "targets", "title") SELECT "announcementId", "areaId", "cancelReason", "createdAt", "createdBy", "drill", "hardEndAt", "id", "latestStartAt", "makesGoodOf", "priority", "startsAt", "state", "targetCount", "targets", "title" FROM "Broadcast";
DROP TABLE "Broadcast";
ALTER TABLE "new_Broadcast" RENAME TO "Broadcast";
CREATE INDEX "Broadcast_areaId_createdAt_idx" ON "Broadcast"("areaId", "createdAt");
CREATE INDEX "Broadcast_state_idx" ON "Broadcast"("state");
CREATE INDEX "Broadcast_announcementId_idx" ON "Broadcast"("announcementId");
CREATE INDEX "Broadcast_seriesId_originalAt_idx" ON "Broadcast"("seriesId", "originalAt");
CREATE INDEX "Broadcast_makesGoodOf_idx" ON "Broadcast"("makesGoodOf");
CREATE INDEX "Broadcast_startsAt_idx" ON "Broadcast"("startsAt");
CREATE TABLE "new_Play" (
    "broadcastId" TEXT NOT NULL,
    "speakerId" TEXT NOT NULL,
    "play" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "plannedAt" REAL,
    "startedAt" REAL,
    "startErrorMs" REAL,
    "endedAt" REAL,
    "fromMs" REAL NOT NULL,
    "toMs" REAL,
    "uncertaintyMs" REAL NOT NULL,
    "skippedMs" REAL NOT NULL DEFAULT 0,
    "relayedMs" REAL,
    "fallbackMs" REAL,
    "evidence" TEXT NOT NULL,
    "output" TEXT,
    "code" TEXT,

    PRIMARY KEY ("broadcastId", "speakerId", "play")
);
INSERT INTO "new_Play" ("broadcastId", "code", "endedAt", "evidence", "fromMs", "output", "plannedAt", "play", "speakerId", "startErrorMs", "startedAt", "state", "toMs", "uncertaintyMs") SELECT "broadcastId", "code", "endedAt", "evidence", "fromMs", "output", "plannedAt", "play", "speakerId", "startErrorMs", "startedAt", "state", "toMs", "uncertaintyMs" FROM "Play";
DROP TABLE "Play";
ALTER TABLE "new_Play" RENAME TO "Play";
CREATE TABLE "new_Speaker" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "areaId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "lifecycle" TEXT NOT NULL,
    "secretHash" TEXT NOT NULL,
    "publicKey" TEXT,
    "keyId" TEXT,
    "latitude" REAL,
    "longitude" REAL,
    "gainDb" REAL NOT NULL,
    "capDb" REAL NOT NULL,
    "sensitive" BOOLEAN NOT NULL DEFAULT false,
    "volumeProfile" TEXT NOT NULL DEFAULT '[]',
    "mute" TEXT,
    "maintenance" TEXT,
    "assignmentRevision" BIGINT NOT NULL,
    "assignmentHash" TEXT,
    "assignmentDocument" TEXT,
    "createdAt" REAL NOT NULL,
    CONSTRAINT "Speaker_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);
INSERT INTO "new_Speaker" ("areaId", "assignmentDocument", "assignmentHash", "assignmentRevision", "capDb", "createdAt", "gainDb", "id", "keyId", "latitude", "lifecycle", "longitude", "maintenance", "mute", "name", "publicKey", "secretHash") SELECT "areaId", "assignmentDocument", "assignmentHash", "assignmentRevision", "capDb", "createdAt", "gainDb", "id", "keyId", "latitude", "lifecycle", "longitude", "maintenance", "mute", "name", "publicKey", "secretHash" FROM "Speaker";
DROP TABLE "Speaker";
ALTER TABLE "new_Speaker" RENAME TO "Speaker";
CREATE INDEX "Speaker_areaId_idx" ON "Speaker"("areaId");
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;

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
