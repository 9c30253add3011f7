-- AlterTable
ALTER TABLE "Area" ADD COLUMN "mergedInto" TEXT;

-- CreateTable
CREATE TABLE "SpeakerPlace" (
    "speakerId" TEXT NOT NULL,
    "until" REAL NOT NULL,
    "areaId" TEXT NOT NULL,

    PRIMARY KEY ("speakerId", "until")
);
