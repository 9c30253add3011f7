-- CreateTable
CREATE TABLE "AnnouncementMark" (
    "announcementId" TEXT NOT NULL,
    "areaId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "at" REAL NOT NULL,

    PRIMARY KEY ("announcementId", "areaId", "kind"),
    CONSTRAINT "AnnouncementMark_announcementId_fkey" FOREIGN KEY ("announcementId") REFERENCES "Announcement" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE INDEX "AnnouncementMark_kind_areaId_at_announcementId_idx" ON "AnnouncementMark"("kind", "areaId", "at", "announcementId");

-- What is handed in or approved, of the station and of each area that it names.
INSERT INTO "AnnouncementMark" ("announcementId", "areaId", "kind", "at")
SELECT a."id", a."areaId", a."state", a."createdAt" FROM "Announcement" a WHERE a."state" IN ('submitted', 'approved')
UNION
SELECT a."id", named.value, a."state", a."createdAt" FROM "Announcement" a, json_each(a."forAreas") named WHERE a."state" IN ('submitted', 'approved');

-- Where somebody may be asked: which of these areas really wait follows from the tree of areas, and the controller looks at it once it has started.
INSERT INTO "AnnouncementMark" ("announcementId", "areaId", "kind", "at")
SELECT m."announcementId", m."areaId", 'unknown', m."at" FROM "AnnouncementMark" m JOIN "Announcement" a ON a."id" = m."announcementId"
WHERE a."state" = 'submitted' OR a."forAreas" <> '[]'
    OR EXISTS (SELECT 1 FROM "Area" g WHERE g."id" = a."areaId" AND g."mergedInto" IS NOT NULL);
