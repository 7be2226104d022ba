"""German dates: 17. September 2026, 14:30. No line ends between the day and its month."""

DATE_FORMAT = "j.\u00a0F Y"
#: For mails, whose text is plain in its spaces too.
MAIL_DATE_FORMAT = "j. F Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j.\u00a0F Y, H:i"
YEAR_MONTH_FORMAT = "F Y"
MONTH_DAY_FORMAT = "j.\u00a0N"
SHORT_DATE_FORMAT = "d.m.Y"
SHORT_DATETIME_FORMAT = "d.m.Y, H:i"
FIRST_DAY_OF_WEEK = 1
