"""The words of explanations, in Vietnamese and in English."""

import msgspec


class Label(msgspec.Struct, frozen=True):
    """A name in both languages."""

    vi: str
    en: str

    def text(self, language: str) -> str:
        """Return the English name for ``en``, else the Vietnamese."""
        return self.en if language == "en" else self.vi

    def because(self, reasons: tuple[str, ...]) -> "Label":
        """Return this name with the words for each ``SuspensionReason``, and any other reason as it was given."""
        if not reasons:
            return self
        words = [REASONS.get(reason, Label(reason, reason)) for reason in reasons]
        return Label(
            f"{self.vi}: {', '.join(word.vi for word in words)}",
            f"{self.en}: {', '.join(word.en for word in words)}",
        )


COUNTED = Label("Tính vào thời hạn", "Counted")
FIRST_DAY = Label("Ngày bắt đầu không tính", "The day of the start is not counted")
AFTER_CUT_OFF = Label(
    "Nhận sau giờ chốt: bắt đầu từ ngày làm việc tiếp theo", "After the cut-off: starts on the next working day"
)
OUTSIDE_HOURS = Label("Ngoài giờ làm việc", "Outside working time")
TO_CLOSING = Label("Đến hết giờ làm việc trong ngày", "To the closing time of the day")
ROLLED_ON = Label("Chuyển sang ngày làm việc tiếp theo", "Rolled on to the next working day")
EXTENDED = Label("Gia hạn theo mẫu số 04", "Extended by form 04")
VOID = Label("Không còn tính: thời hạn tính lại từ đầu", "Void: the period was counted afresh")
PAUSED = Label("Tạm dừng", "Paused")
RESTARTED = Label("Chờ, sau đó tính lại từ đầu", "Waiting, then counted afresh")
WEEKEND = Label("Nghỉ cuối tuần", "Weekend")
WEEKLY_REST = Label("Ngày nghỉ hằng tuần", "Weekly day off")
DAY_OFF = Label("Ngày nghỉ", "Day off")

REASONS = {
    "supplement": Label("chờ bổ sung hồ sơ", "waiting for the supplement"),
    "payment": Label("chờ thực hiện nghĩa vụ tài chính", "waiting for payment"),
    "verification": Label("xác minh", "verification"),
    "expert_assessment": Label("giám định", "expert assessment"),
    "public_posting": Label("niêm yết công khai", "public posting"),
    "other": Label("lý do khác", "another reason"),
}
