-- CreateTable
CREATE TABLE "Refusal" (
    "id" TEXT NOT NULL,
    "announcementId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "areaId" TEXT NOT NULL,
    "verdict" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "as" TEXT,
    "at" DOUBLE PRECISION NOT NULL,
    "reason" TEXT,
    "mediaSha256" TEXT,
    "wordsSha256" TEXT,

    CONSTRAINT "Refusal_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Refusal_mediaSha256_idx" ON "Refusal"("mediaSha256");

-- CreateIndex
CREATE INDEX "Refusal_wordsSha256_idx" ON "Refusal"("wordsSha256");
