-- CreateTable
CREATE TABLE "Enrolment" (
    "id" TEXT NOT NULL,
    "speakerId" TEXT NOT NULL,
    "key" TEXT,
    "createdBy" TEXT NOT NULL,
    "createdAt" DOUBLE PRECISION NOT NULL,
    "expiresAt" DOUBLE PRECISION NOT NULL,
    "wrongTries" INTEGER NOT NULL DEFAULT 0,
    "publicKey" TEXT,
    "usedAt" DOUBLE PRECISION,
    "acknowledgedAt" DOUBLE PRECISION,
    "voidReason" TEXT,

    CONSTRAINT "Enrolment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SpeakerKey" (
    "speakerId" TEXT NOT NULL,
    "keyId" TEXT NOT NULL,
    "publicKey" TEXT NOT NULL,
    "registeredAt" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "SpeakerKey_pkey" PRIMARY KEY ("speakerId","keyId")
);

-- CreateIndex
CREATE INDEX "Enrolment_speakerId_createdAt_idx" ON "Enrolment"("speakerId", "createdAt");

-- Keys that a first hello has registered.
INSERT INTO "SpeakerKey" ("speakerId", "keyId", "publicKey", "registeredAt")
SELECT "id", "keyId", "publicKey", "createdAt" FROM "Speaker" WHERE "keyId" IS NOT NULL AND "publicKey" IS NOT NULL;
