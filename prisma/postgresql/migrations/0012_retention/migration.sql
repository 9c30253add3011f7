-- AlterTable
ALTER TABLE "Medium" ADD COLUMN      "unusedSince" DOUBLE PRECISION;
