-- AlterTable
ALTER TABLE "Account" ADD COLUMN "email" TEXT;

-- CreateTable
CREATE TABLE "OutgoingMail" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "account" TEXT NOT NULL,
    "to" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "createdAt" REAL NOT NULL,
    "expiresAt" REAL NOT NULL
);
