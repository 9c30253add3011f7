-- CreateTable
CREATE TABLE "AuditHead" (
    "n" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "day" TEXT NOT NULL,
    "whole" BOOLEAN NOT NULL,
    "seq" INTEGER NOT NULL,
    "hash" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "issuedAt" REAL NOT NULL,
    "document" TEXT NOT NULL
);

CREATE TRIGGER "AuditHead_no_update" BEFORE UPDATE ON "AuditHead"
BEGIN
    SELECT RAISE(ABORT, 'AuditHead is append-only');
END;
CREATE TRIGGER "AuditHead_no_delete" BEFORE DELETE ON "AuditHead"
BEGIN
    SELECT RAISE(ABORT, 'AuditHead is append-only');
END;
