-- CreateTable
CREATE TABLE "Announcement" (
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
    "approvedSha256" TEXT,
    "rejectedReason" TEXT,
    "createdBy" TEXT NOT NULL,
    "createdAt" REAL NOT NULL,
    "updatedAt" REAL NOT NULL,
    CONSTRAINT "Announcement_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "Announcement_mediaSha256_fkey" FOREIGN KEY ("mediaSha256") REFERENCES "Medium" ("sha256") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Medium" (
    "sha256" TEXT NOT NULL PRIMARY KEY,
    "bytes" BIGINT NOT NULL,
    "durationMs" REAL NOT NULL,
    "integratedLufs" REAL NOT NULL,
    "truePeakDb" REAL NOT NULL,
    "peaks" TEXT NOT NULL,
    "chunkList" TEXT NOT NULL,
    "chunkListSha256" TEXT NOT NULL,
    "createdAt" REAL NOT NULL
);

-- CreateTable
CREATE TABLE "MediaJob" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "areaId" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "stage" TEXT NOT NULL,
    "progress" REAL NOT NULL,
    "sourceName" TEXT NOT NULL,
    "sourceBytes" BIGINT NOT NULL,
    "sha256" TEXT,
    "errorCode" TEXT,
    "errorMessage" TEXT,
    "createdBy" TEXT NOT NULL,
    "createdAt" REAL NOT NULL,
    "endedAt" REAL,
    CONSTRAINT "MediaJob_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Area" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "parentId" TEXT,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "zone" TEXT,
    "policy" TEXT,
    "createdAt" REAL NOT NULL,
    "retiredAt" REAL,
    CONSTRAINT "Area_parentId_fkey" FOREIGN KEY ("parentId") REFERENCES "Area" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "AreaName" (
    "areaId" TEXT NOT NULL,
    "since" REAL NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "parentId" TEXT,

    PRIMARY KEY ("areaId", "since"),
    CONSTRAINT "AreaName_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Broadcast" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "announcementId" TEXT NOT NULL,
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
    "createdBy" TEXT NOT NULL,
    "createdAt" REAL NOT NULL,
    CONSTRAINT "Broadcast_announcementId_fkey" FOREIGN KEY ("announcementId") REFERENCES "Announcement" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "Broadcast_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "TargetSnapshot" (
    "broadcastId" TEXT NOT NULL PRIMARY KEY,
    "speakerIds" TEXT NOT NULL,
    CONSTRAINT "TargetSnapshot_broadcastId_fkey" FOREIGN KEY ("broadcastId") REFERENCES "Broadcast" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Order" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "broadcastId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "document" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "topics" TEXT NOT NULL,
    "issuedAt" REAL NOT NULL,
    "expiresAt" REAL NOT NULL,
    CONSTRAINT "Order_broadcastId_fkey" FOREIGN KEY ("broadcastId") REFERENCES "Broadcast" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "OutboxEntry" (
    "seq" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "orderId" TEXT NOT NULL,
    "publishedAt" REAL,
    CONSTRAINT "OutboxEntry_orderId_fkey" FOREIGN KEY ("orderId") REFERENCES "Order" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "JournalRow" (
    "speakerId" TEXT NOT NULL,
    "epoch" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "line" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "broadcastId" TEXT,
    "at" REAL NOT NULL,
    "flags" TEXT NOT NULL,
    "batchId" TEXT NOT NULL,

    PRIMARY KEY ("speakerId", "epoch", "seq", "hash")
);

-- CreateTable
CREATE TABLE "JournalBatch" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "speakerId" TEXT NOT NULL,
    "epoch" TEXT NOT NULL,
    "keyId" TEXT NOT NULL,
    "headSeq" BIGINT NOT NULL,
    "headHash" TEXT NOT NULL,
    "signature" TEXT NOT NULL,
    "receivedAt" REAL NOT NULL
);

-- CreateTable
CREATE TABLE "JournalPosition" (
    "speakerId" TEXT NOT NULL PRIMARY KEY,
    "epoch" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "hash" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "Delivery" (
    "broadcastId" TEXT NOT NULL,
    "speakerId" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "code" TEXT,
    "flags" TEXT NOT NULL,
    "played" BOOLEAN NOT NULL,
    "answeredAt" REAL,
    "updatedAt" REAL NOT NULL,

    PRIMARY KEY ("broadcastId", "speakerId")
);

-- CreateTable
CREATE TABLE "Play" (
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
    "evidence" TEXT NOT NULL,
    "output" TEXT,
    "code" TEXT,

    PRIMARY KEY ("broadcastId", "speakerId", "play")
);

-- CreateTable
CREATE TABLE "AuditEntry" (
    "seq" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "at" REAL NOT NULL,
    "actor" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "previousHash" TEXT NOT NULL,
    "hash" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "StoredAnswer" (
    "actor" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "requestHash" TEXT NOT NULL,
    "status" INTEGER NOT NULL,
    "body" TEXT NOT NULL,
    "createdAt" REAL NOT NULL,

    PRIMARY KEY ("actor", "key")
);

-- CreateTable
CREATE TABLE "Speaker" (
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
    "mute" TEXT,
    "maintenance" TEXT,
    "assignmentRevision" BIGINT NOT NULL,
    "assignmentHash" TEXT,
    "assignmentDocument" TEXT,
    "createdAt" REAL NOT NULL,
    CONSTRAINT "Speaker_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "SpeakerStatus" (
    "speakerId" TEXT NOT NULL PRIMARY KEY,
    "sessionEpoch" BIGINT NOT NULL,
    "link" TEXT NOT NULL,
    "condition" TEXT NOT NULL,
    "output" TEXT NOT NULL,
    "lastSeenAt" REAL,
    "agentVersion" TEXT,
    "capabilities" TEXT NOT NULL,
    "heldAssignmentHash" TEXT,
    "health" TEXT
);

-- CreateTable
CREATE TABLE "HealthReport" (
    "speakerId" TEXT NOT NULL,
    "at" REAL NOT NULL,
    "report" TEXT NOT NULL,

    PRIMARY KEY ("speakerId", "at")
);

-- CreateIndex
CREATE INDEX "Announcement_areaId_createdAt_idx" ON "Announcement"("areaId", "createdAt");

-- CreateIndex
CREATE INDEX "Announcement_mediaSha256_idx" ON "Announcement"("mediaSha256");

-- CreateIndex
CREATE INDEX "MediaJob_state_idx" ON "MediaJob"("state");

-- CreateIndex
CREATE INDEX "MediaJob_areaId_idx" ON "MediaJob"("areaId");

-- CreateIndex
CREATE INDEX "Area_parentId_idx" ON "Area"("parentId");

-- CreateIndex
CREATE INDEX "Broadcast_areaId_createdAt_idx" ON "Broadcast"("areaId", "createdAt");

-- CreateIndex
CREATE INDEX "Broadcast_state_idx" ON "Broadcast"("state");

-- CreateIndex
CREATE INDEX "Broadcast_announcementId_idx" ON "Broadcast"("announcementId");

-- CreateIndex
CREATE INDEX "Order_broadcastId_idx" ON "Order"("broadcastId");

-- CreateIndex
CREATE INDEX "Order_expiresAt_idx" ON "Order"("expiresAt");

-- CreateIndex
CREATE UNIQUE INDEX "OutboxEntry_orderId_key" ON "OutboxEntry"("orderId");

-- CreateIndex
CREATE INDEX "OutboxEntry_publishedAt_seq_idx" ON "OutboxEntry"("publishedAt", "seq");

-- CreateIndex
CREATE INDEX "JournalBatch_speakerId_epoch_headSeq_idx" ON "JournalBatch"("speakerId", "epoch", "headSeq");

-- CreateIndex
CREATE INDEX "StoredAnswer_createdAt_idx" ON "StoredAnswer"("createdAt");

-- CreateIndex
CREATE INDEX "Speaker_areaId_idx" ON "Speaker"("areaId");

-- CreateIndex
CREATE INDEX "HealthReport_at_idx" ON "HealthReport"("at");

-- Append-only: nothing that was signed or written down is changed or taken away.
CREATE TRIGGER "AuditEntry_no_update" BEFORE UPDATE ON "AuditEntry"
BEGIN
    SELECT RAISE(ABORT, 'AuditEntry is append-only');
END;
CREATE TRIGGER "AuditEntry_no_delete" BEFORE DELETE ON "AuditEntry"
BEGIN
    SELECT RAISE(ABORT, 'AuditEntry is append-only');
END;
CREATE TRIGGER "JournalRow_no_update" BEFORE UPDATE ON "JournalRow"
BEGIN
    SELECT RAISE(ABORT, 'JournalRow is append-only');
END;
CREATE TRIGGER "JournalRow_no_delete" BEFORE DELETE ON "JournalRow"
BEGIN
    SELECT RAISE(ABORT, 'JournalRow is append-only');
END;
CREATE TRIGGER "JournalBatch_no_update" BEFORE UPDATE ON "JournalBatch"
BEGIN
    SELECT RAISE(ABORT, 'JournalBatch is append-only');
END;
CREATE TRIGGER "JournalBatch_no_delete" BEFORE DELETE ON "JournalBatch"
BEGIN
    SELECT RAISE(ABORT, 'JournalBatch is append-only');
END;
