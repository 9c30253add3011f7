-- CreateTable
CREATE TABLE "Refusal" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "announcementId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "areaId" TEXT NOT NULL,
    "verdict" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "as" TEXT,
    "at" REAL NOT NULL,
    "reason" TEXT,
    "mediaSha256" TEXT,
    "wordsSha256" TEXT
);

-- CreateIndex
CREATE INDEX "Refusal_mediaSha256_idx" ON "Refusal"("mediaSha256");

-- CreateIndex
CREATE INDEX "Refusal_wordsSha256_idx" ON "Refusal"("wordsSha256");
