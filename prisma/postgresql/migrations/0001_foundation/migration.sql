-- CreateEnum
CREATE TYPE "Priority" AS ENUM ('normal', 'priority', 'emergency');

-- CreateEnum
CREATE TYPE "AnnouncementState" AS ENUM ('draft', 'submitted', 'approved', 'rejected', 'withdrawn');

-- CreateEnum
CREATE TYPE "Origin" AS ENUM ('own', 'relay', 'source_system', 'notice');

-- CreateEnum
CREATE TYPE "MediaJobState" AS ENUM ('queued', 'running', 'ready', 'failed', 'cancelled');

-- CreateEnum
CREATE TYPE "BroadcastState" AS ENUM ('planned', 'issued', 'on_air', 'interrupted', 'resumed', 'completed', 'partial', 'failed', 'cancelled');

-- CreateEnum
CREATE TYPE "OrderKind" AS ENUM ('play', 'cancel');

-- CreateEnum
CREATE TYPE "DeliveryState" AS ENUM ('pending', 'accepted', 'ready', 'playing', 'finished', 'refused', 'failed', 'interrupted', 'missed', 'cancelled');

-- CreateEnum
CREATE TYPE "PlayState" AS ENUM ('playing', 'finished', 'interrupted', 'failed', 'cancelled');

-- CreateEnum
CREATE TYPE "SpeakerLifecycle" AS ENUM ('enrolled', 'active', 'retired', 'blocked');

-- CreateEnum
CREATE TYPE "SpeakerLink" AS ENUM ('online', 'offline', 'unknown');

-- CreateEnum
CREATE TYPE "SpeakerCondition" AS ENUM ('ok', 'degraded');

-- CreateEnum
CREATE TYPE "SpeakerOutput" AS ENUM ('normal', 'muted', 'stopped', 'maintenance');

-- CreateTable
CREATE TABLE "Announcement" (
    "id" TEXT NOT NULL,
    "areaId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "origin" "Origin" NOT NULL,
    "language" TEXT NOT NULL,
    "priority" "Priority" NOT NULL,
    "text" TEXT,
    "state" "AnnouncementState" NOT NULL,
    "mediaSha256" TEXT,
    "approvedSha256" TEXT,
    "rejectedReason" TEXT,
    "createdBy" TEXT NOT NULL,
    "createdAt" DOUBLE PRECISION NOT NULL,
    "updatedAt" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "Announcement_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Medium" (
    "sha256" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "durationMs" DOUBLE PRECISION NOT NULL,
    "integratedLufs" DOUBLE PRECISION NOT NULL,
    "truePeakDb" DOUBLE PRECISION NOT NULL,
    "peaks" TEXT NOT NULL,
    "chunkList" TEXT NOT NULL,
    "chunkListSha256" TEXT NOT NULL,
    "createdAt" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "Medium_pkey" PRIMARY KEY ("sha256")
);

-- CreateTable
CREATE TABLE "MediaJob" (
    "id" TEXT NOT NULL,
    "areaId" TEXT NOT NULL,
    "state" "MediaJobState" NOT NULL,
    "stage" TEXT NOT NULL,
    "progress" DOUBLE PRECISION NOT NULL,
    "sourceName" TEXT NOT NULL,
    "sourceBytes" BIGINT NOT NULL,
    "sha256" TEXT,
    "errorCode" TEXT,
    "errorMessage" TEXT,
    "createdBy" TEXT NOT NULL,
    "createdAt" DOUBLE PRECISION NOT NULL,
    "endedAt" DOUBLE PRECISION,

    CONSTRAINT "MediaJob_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Area" (
    "id" TEXT NOT NULL,
    "parentId" TEXT,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "zone" TEXT,
    "policy" TEXT,
    "createdAt" DOUBLE PRECISION NOT NULL,
    "retiredAt" DOUBLE PRECISION,

    CONSTRAINT "Area_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AreaName" (
    "areaId" TEXT NOT NULL,
    "since" DOUBLE PRECISION NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "parentId" TEXT,

    CONSTRAINT "AreaName_pkey" PRIMARY KEY ("areaId","since")
);

-- CreateTable
CREATE TABLE "Broadcast" (
    "id" TEXT NOT NULL,
    "announcementId" TEXT NOT NULL,
    "areaId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "priority" "Priority" NOT NULL,
    "state" "BroadcastState" NOT NULL,
    "startsAt" DOUBLE PRECISION NOT NULL,
    "latestStartAt" DOUBLE PRECISION NOT NULL,
    "hardEndAt" DOUBLE PRECISION NOT NULL,
    "targets" TEXT NOT NULL,
    "targetCount" INTEGER NOT NULL,
    "drill" BOOLEAN NOT NULL,
    "makesGoodOf" TEXT,
    "cancelReason" TEXT,
    "createdBy" TEXT NOT NULL,
    "createdAt" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "Broadcast_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "TargetSnapshot" (
    "broadcastId" TEXT NOT NULL,
    "speakerIds" TEXT NOT NULL,

    CONSTRAINT "TargetSnapshot_pkey" PRIMARY KEY ("broadcastId")
);

-- CreateTable
CREATE TABLE "Order" (
    "id" TEXT NOT NULL,
    "broadcastId" TEXT NOT NULL,
    "kind" "OrderKind" NOT NULL,
    "document" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "topics" TEXT NOT NULL,
    "issuedAt" DOUBLE PRECISION NOT NULL,
    "expiresAt" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "Order_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "OutboxEntry" (
    "seq" SERIAL NOT NULL,
    "orderId" TEXT NOT NULL,
    "publishedAt" DOUBLE PRECISION,

    CONSTRAINT "OutboxEntry_pkey" PRIMARY KEY ("seq")
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
    "at" DOUBLE PRECISION NOT NULL,
    "flags" TEXT NOT NULL,
    "batchId" TEXT NOT NULL,

    CONSTRAINT "JournalRow_pkey" PRIMARY KEY ("speakerId","epoch","seq","hash")
);

-- CreateTable
CREATE TABLE "JournalBatch" (
    "id" TEXT NOT NULL,
    "speakerId" TEXT NOT NULL,
    "epoch" TEXT NOT NULL,
    "keyId" TEXT NOT NULL,
    "headSeq" BIGINT NOT NULL,
    "headHash" TEXT NOT NULL,
    "signature" TEXT NOT NULL,
    "receivedAt" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "JournalBatch_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "JournalPosition" (
    "speakerId" TEXT NOT NULL,
    "epoch" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "JournalPosition_pkey" PRIMARY KEY ("speakerId")
);

-- CreateTable
CREATE TABLE "Delivery" (
    "broadcastId" TEXT NOT NULL,
    "speakerId" TEXT NOT NULL,
    "state" "DeliveryState" NOT NULL,
    "code" TEXT,
    "flags" TEXT NOT NULL,
    "played" BOOLEAN NOT NULL,
    "answeredAt" DOUBLE PRECISION,
    "updatedAt" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "Delivery_pkey" PRIMARY KEY ("broadcastId","speakerId")
);

-- CreateTable
CREATE TABLE "Play" (
    "broadcastId" TEXT NOT NULL,
    "speakerId" TEXT NOT NULL,
    "play" INTEGER NOT NULL,
    "state" "PlayState" NOT NULL,
    "plannedAt" DOUBLE PRECISION,
    "startedAt" DOUBLE PRECISION,
    "startErrorMs" DOUBLE PRECISION,
    "endedAt" DOUBLE PRECISION,
    "fromMs" DOUBLE PRECISION NOT NULL,
    "toMs" DOUBLE PRECISION,
    "uncertaintyMs" DOUBLE PRECISION NOT NULL,
    "evidence" TEXT NOT NULL,
    "output" TEXT,
    "code" TEXT,

    CONSTRAINT "Play_pkey" PRIMARY KEY ("broadcastId","speakerId","play")
);

-- CreateTable
CREATE TABLE "AuditEntry" (
    "seq" INTEGER NOT NULL,
    "at" DOUBLE PRECISION NOT NULL,
    "actor" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "previousHash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "AuditEntry_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "StoredAnswer" (
    "actor" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "requestHash" TEXT NOT NULL,
    "status" INTEGER NOT NULL,
    "body" TEXT NOT NULL,
    "createdAt" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "StoredAnswer_pkey" PRIMARY KEY ("actor","key")
);

-- CreateTable
CREATE TABLE "Speaker" (
    "id" TEXT NOT NULL,
    "areaId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "lifecycle" "SpeakerLifecycle" NOT NULL,
    "secretHash" TEXT NOT NULL,
    "publicKey" TEXT,
    "keyId" TEXT,
    "latitude" DOUBLE PRECISION,
    "longitude" DOUBLE PRECISION,
    "gainDb" DOUBLE PRECISION NOT NULL,
    "capDb" DOUBLE PRECISION NOT NULL,
    "mute" TEXT,
    "maintenance" TEXT,
    "assignmentRevision" BIGINT NOT NULL,
    "assignmentHash" TEXT,
    "assignmentDocument" TEXT,
    "createdAt" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "Speaker_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SpeakerStatus" (
    "speakerId" TEXT NOT NULL,
    "sessionEpoch" BIGINT NOT NULL,
    "link" "SpeakerLink" NOT NULL,
    "condition" "SpeakerCondition" NOT NULL,
    "output" "SpeakerOutput" NOT NULL,
    "lastSeenAt" DOUBLE PRECISION,
    "agentVersion" TEXT,
    "capabilities" TEXT NOT NULL,
    "heldAssignmentHash" TEXT,
    "health" TEXT,

    CONSTRAINT "SpeakerStatus_pkey" PRIMARY KEY ("speakerId")
);

-- CreateTable
CREATE TABLE "HealthReport" (
    "speakerId" TEXT NOT NULL,
    "at" DOUBLE PRECISION NOT NULL,
    "report" TEXT NOT NULL,

    CONSTRAINT "HealthReport_pkey" PRIMARY KEY ("speakerId","at")
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

-- AddForeignKey
ALTER TABLE "Announcement" ADD CONSTRAINT "Announcement_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Announcement" ADD CONSTRAINT "Announcement_mediaSha256_fkey" FOREIGN KEY ("mediaSha256") REFERENCES "Medium"("sha256") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "MediaJob" ADD CONSTRAINT "MediaJob_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Area" ADD CONSTRAINT "Area_parentId_fkey" FOREIGN KEY ("parentId") REFERENCES "Area"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AreaName" ADD CONSTRAINT "AreaName_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Broadcast" ADD CONSTRAINT "Broadcast_announcementId_fkey" FOREIGN KEY ("announcementId") REFERENCES "Announcement"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Broadcast" ADD CONSTRAINT "Broadcast_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "TargetSnapshot" ADD CONSTRAINT "TargetSnapshot_broadcastId_fkey" FOREIGN KEY ("broadcastId") REFERENCES "Broadcast"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Order" ADD CONSTRAINT "Order_broadcastId_fkey" FOREIGN KEY ("broadcastId") REFERENCES "Broadcast"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "OutboxEntry" ADD CONSTRAINT "OutboxEntry_orderId_fkey" FOREIGN KEY ("orderId") REFERENCES "Order"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Speaker" ADD CONSTRAINT "Speaker_areaId_fkey" FOREIGN KEY ("areaId") REFERENCES "Area"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Append-only: nothing that was signed or written down is changed or taken away.
CREATE FUNCTION "loa_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END;
$$;
CREATE TRIGGER "AuditEntry_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "AuditEntry"
    FOR EACH STATEMENT EXECUTE FUNCTION "loa_append_only"();
CREATE TRIGGER "JournalRow_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "JournalRow"
    FOR EACH STATEMENT EXECUTE FUNCTION "loa_append_only"();
CREATE TRIGGER "JournalBatch_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "JournalBatch"
    FOR EACH STATEMENT EXECUTE FUNCTION "loa_append_only"();
