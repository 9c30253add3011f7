-- CreateTable
CREATE TABLE "AuditHead" (
    "n" INTEGER NOT NULL,
    "day" TEXT NOT NULL,
    "whole" BOOLEAN NOT NULL,
    "seq" INTEGER NOT NULL,
    "hash" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "issuedAt" DOUBLE PRECISION NOT NULL,
    "document" TEXT NOT NULL,

    CONSTRAINT "AuditHead_pkey" PRIMARY KEY ("n")
);

CREATE TRIGGER "AuditHead_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "AuditHead"
    FOR EACH STATEMENT EXECUTE FUNCTION "loa_append_only"();
