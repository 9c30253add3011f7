-- AlterTable
ALTER TABLE "Medium" ADD COLUMN "unusedSince" REAL;
