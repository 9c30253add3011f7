-- CreateTable
CREATE TABLE "Enrolment" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "speakerId" TEXT NOT NULL,
    "key" TEXT,
    "createdBy" TEXT NOT NULL,
    "createdAt" REAL NOT NULL,
    "expiresAt" REAL NOT NULL,
    "wrongTries" INTEGER NOT NULL DEFAULT 0,
    "publicKey" TEXT,
    "usedAt" REAL,
    "acknowledgedAt" REAL,
    "voidReason" TEXT
);

-- CreateTable
CREATE TABLE "SpeakerKey" (
    "speakerId" TEXT NOT NULL,
    "keyId" TEXT NOT NULL,
    "publicKey" TEXT NOT NULL,
    "registeredAt" REAL NOT NULL,

    PRIMARY KEY ("speakerId", "keyId")
);

-- CreateIndex
CREATE INDEX "Enrolment_speakerId_createdAt_idx" ON "Enrolment"("speakerId", "createdAt");

-- Keys that a first hello has registered.
INSERT INTO "SpeakerKey" ("speakerId", "keyId", "publicKey", "registeredAt")
SELECT "id", "keyId", "publicKey", "createdAt" FROM "Speaker" WHERE "keyId" IS NOT NULL AND "publicKey" IS NOT NULL;
