-- AlterTable
ALTER TABLE "Area" ADD COLUMN     "mergedInto" TEXT;

-- CreateTable
CREATE TABLE "SpeakerPlace" (
    "speakerId" TEXT NOT NULL,
    "until" DOUBLE PRECISION NOT NULL,
    "areaId" TEXT NOT NULL,

    CONSTRAINT "SpeakerPlace_pkey" PRIMARY KEY ("speakerId","until")
);
