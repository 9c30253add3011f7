-- CreateTable
CREATE TABLE "Account" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "displayName" TEXT NOT NULL,
    "grants" TEXT NOT NULL,
    "passwordHash" TEXT,
    "notices" TEXT NOT NULL,
    "createdAt" REAL NOT NULL,
    "createdBy" TEXT NOT NULL,
    "deactivatedAt" REAL
);

-- CreateTable
CREATE TABLE "Totp" (
    "account" TEXT NOT NULL PRIMARY KEY,
    "secret" TEXT NOT NULL,
    "confirmedAt" REAL,
    "lastStep" INTEGER NOT NULL,
    "recoveryCodes" TEXT NOT NULL,
    CONSTRAINT "Totp_account_fkey" FOREIGN KEY ("account") REFERENCES "Account" ("name") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Passkey" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "account" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "publicKey" TEXT NOT NULL,
    "counter" REAL NOT NULL,
    "transports" TEXT NOT NULL,
    "createdAt" REAL NOT NULL,
    "lastUsedAt" REAL,
    CONSTRAINT "Passkey_account_fkey" FOREIGN KEY ("account") REFERENCES "Account" ("name") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "AccountSession" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "secretHash" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "userAgent" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "secondFactor" BOOLEAN NOT NULL,
    "pairedBy" TEXT,
    "authenticatedAt" REAL NOT NULL,
    "createdAt" REAL NOT NULL,
    "lastSeenAt" REAL NOT NULL,
    "expiresAt" REAL NOT NULL,
    CONSTRAINT "AccountSession_account_fkey" FOREIGN KEY ("account") REFERENCES "Account" ("name") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "OneTimeLink" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "secretHash" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "direct" BOOLEAN NOT NULL,
    "forgets" BOOLEAN NOT NULL,
    "createdBy" TEXT NOT NULL,
    "createdAt" REAL NOT NULL,
    "expiresAt" REAL NOT NULL,
    "endedAt" REAL,
    "used" BOOLEAN NOT NULL,
    CONSTRAINT "OneTimeLink_account_fkey" FOREIGN KEY ("account") REFERENCES "Account" ("name") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "ApiToken" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "secretHash" TEXT NOT NULL,
    "grants" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "createdBy" TEXT NOT NULL,
    "createdAt" REAL NOT NULL,
    "expiresAt" REAL NOT NULL,
    "lastUsedAt" REAL,
    "revokedAt" REAL
);

-- CreateIndex
CREATE INDEX "Passkey_account_idx" ON "Passkey"("account");

-- CreateIndex
CREATE UNIQUE INDEX "AccountSession_secretHash_key" ON "AccountSession"("secretHash");

-- CreateIndex
CREATE INDEX "AccountSession_account_idx" ON "AccountSession"("account");

-- CreateIndex
CREATE UNIQUE INDEX "OneTimeLink_secretHash_key" ON "OneTimeLink"("secretHash");

-- CreateIndex
CREATE INDEX "OneTimeLink_account_idx" ON "OneTimeLink"("account");

-- CreateIndex
CREATE UNIQUE INDEX "ApiToken_name_key" ON "ApiToken"("name");

-- CreateIndex
CREATE UNIQUE INDEX "ApiToken_secretHash_key" ON "ApiToken"("secretHash");
