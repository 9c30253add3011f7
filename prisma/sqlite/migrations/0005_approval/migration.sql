-- AlterTable
ALTER TABLE "Announcement" ADD COLUMN "composers" TEXT NOT NULL DEFAULT '[]';
ALTER TABLE "Announcement" ADD COLUMN "recordedBy" TEXT;

-- Who composed what was there before is at least who entered it.
UPDATE "Announcement" SET "composers" = '["' || REPLACE(REPLACE("createdBy", '\', '\\'), '"', '\"') || '"]';

-- An approval is of what is said too from now on: what was approved by its audio alone is submitted again.
UPDATE "Announcement" SET "state" = 'submitted', "approvedSha256" = NULL WHERE "state" = 'approved';
