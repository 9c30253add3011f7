-- AlterTable
ALTER TABLE "Speaker" ADD COLUMN "dataBudgetMb" INTEGER;
