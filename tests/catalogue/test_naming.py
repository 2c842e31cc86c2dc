"""Printed names of authorities: abbreviations, former names, several at once, and nobody."""

import pytest

from catalogue.naming import fold, slug
from tests.catalogue.samples import NAMES


@pytest.mark.parametrize(
    ("printed", "level", "means"),
    [
        ("TTPVHCC / Bộ phận Một cửa", "commune", "commune.one_stop"),
        ("TTPVHCC / Bộ phận Một cửa", "province", "ttpvhcc-tinh"),
        ("TTPVHCC / Bộ phận Một cửa", "central", "desk"),
        ("UBND xã, phường", "commune", "commune"),
        ("Chủ tịch UBND cấp xã", "commune", "commune"),
        ("Uỷ ban nhân dân tỉnh", "province", "ubnd-tinh"),
        ("UBND TP Huế", "province", "ubnd-tinh"),
        ("Văn phòng UBND tỉnh", "province", "vp-ubnd-tinh"),
        ("Sở NN&MT", "province", "so-nong-nghiep-moi-truong"),
        ("Sở Tài nguyên và Môi trường", "province", "so-nong-nghiep-moi-truong"),
        ("SỞ KHOA HỌC VÀ CÔNG NGHỆ", "province", "so-khoa-hoc-cong-nghe"),
        ("Sở VH,TT&DL", "province", "so-van-hoa-the-thao-du-lich"),
        ("Công an", "sector", "cong-an-tinh"),
        ("Công an", "commune", "commune.police"),
        ("Công an cấp xã", "sector", "commune.police"),
        ("Ban CHQS cấp xã", "commune", "commune.military"),
        ("Chi cục Thuế khu vực", "sector", "thue-tinh"),
        ("Phòng Văn hóa - Xã hội", "commune", "commune"),
        ("Phòng Văn hóa - Xã hội", "province", "holder"),
        ("Cục Phòng bệnh - Bộ Y tế", "central", "cuc-phong-benh"),
        ("Bộ Tài chính", "central", "bo-tai-chinh"),
        ("Người nộp hồ sơ", "applicant", "applicant"),
        ("UBND cấp huyện", "province", "unknown"),
        ("Sở Phép thuật", "province", "unknown"),
        ("", "province", "unknown"),
    ],
)
def test_a_printed_name_means_one_thing_at_its_level(printed: str, level: str, means: str) -> None:
    """By the rules, else by the names of the catalogue's authorities."""
    assert NAMES.meaning(printed, level).means == means


def test_of_several_the_first_is_meant_and_that_is_said() -> None:
    """Slashes, semicolons, enumerations; the desk's own double name is one."""
    assert "names several" in NAMES.meaning("Sở Xây dựng / Ban Quản lý các KCN", "province").note
    assert "names several" in NAMES.meaning("Sở Y tế, Công an, UBND cấp xã", "province").note
    assert NAMES.meaning("TTPVHCC / Bộ phận Một cửa", "province").note == ""
    assert NAMES.meaning("Sở Văn hóa, Thể thao và Du lịch", "province").note == ""


def test_an_authority_named_within_a_longer_name_works_it_and_that_is_said() -> None:
    """A branch that the catalogue does not know, with its department behind it."""
    found = NAMES.meaning("Chi cục X trực thuộc Sở Tư pháp", "province")
    assert found.means == "so-tu-phap"
    assert "is worked by so-tu-phap" in found.note


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Đất đai", "dat dai"), ("Uỷ  BAN – nhân\u00a0dân.", "uy ban - nhan dan"), ("GD&ĐT", "gd va dt"), ("", "")],
)
def test_names_are_compared_without_accents_and_spaces(text: str, folded: str) -> None:
    """However they were typed: composed or not, one dash or another."""
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "name"),
    [("Phòng, chống tệ nạn xã hội", "phong-chong-te-nan-xa-hoi"), ("../..", "other"), ("中文", "other")],
)
def test_folders_have_plain_names(text: str, name: str) -> None:
    """ASCII, and never a way out of the directory."""
    assert slug(text) == name
    assert len(slug("dài " * 100)) <= 60
