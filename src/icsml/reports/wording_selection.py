"""The words of a recommended list's page and letters that no other page has."""

from __future__ import annotations

from typing import Final

from icsml.texts.label import Label

__all__ = ["SELECTION_PHRASES"]


def _label(en: str, zh: str) -> Label:
    return Label(en=en, zh=zh)


SELECTION_PHRASES: Final[dict[str, Label]] = {
    "selection_after_review": _label("after a review", "经复核"),
    "selection_asked_first": _label(
        "That is of the first evaluation; after reviews and removals, {now} are on the list.",
        "以上为首次评价的情况；经复核和移出，现有入选企业 {now} 家。",
    ),
    "selection_asked_points": _label(
        "Asked for: every eligible enterprise with at least {points} points; exactly {points} is enough.",
        "入选范围：符合条件且积分不低于 {points} 分（含 {points} 分）的全部企业。",
    ),
    "selection_asked_share": _label(
        "Asked for: {places} places, which is {share} of the {evaluated} enterprises evaluated, filled by eligible "
        "enterprises in order of points.",
        "入选范围：名额 {places} 家（参评企业 {evaluated} 家的 {share}），在符合条件的企业中按积分由高到低选取。",
    ),
    "selection_enterprises": _label(
        "Enterprises",
        "企业名录",
    ),
    "selection_entry_because": _label(
        "Reason given with this entry: {because}",
        "本条记录的事由：{because}",
    ),
    "selection_first": _label(
        "The first {shown} of {held} are shown; the search looks through all {held}.",
        "先列前 {shown} 家；搜索范围为本页全部 {held} 家。",
    ),
    "selection_found": _label(
        "{count} found on this page",
        "本页找到 {count} 家",
    ),
    "selection_found_most": _label(
        "; the first {shown} are shown",
        "，先列前 {shown} 家",
    ),
    "selection_found_none": _label(
        "; {count} more enterprises are in the file of the list only and cannot be found here",
        "；另有 {count} 家仅见于名单文件，在本页无法查找",
    ),
    "selection_letter_addressee": _label(
        "To: {name}",
        "致：{name}",
    ),
    "selection_letter_as_of": _label(
        "Date of the data",
        "数据基准日",
    ),
    "selection_letter_asked": _label(
        "How the list was cut",
        "分数线的确定",
    ),
    "selection_letter_basis": _label(
        "Rules applied",
        "适用规则",
    ),
    "selection_letter_batch": _label(
        "Batch",
        "批次",
    ),
    "selection_letter_before_listed": _label(
        "By it your company was on the list, with {points} points.",
        "原结果为入选，积分 {points} 分。",
    ),
    "selection_letter_before_not_listed": _label(
        "By it your company was not on the list, with {points} points.",
        "原结果为未入选，积分 {points} 分。",
    ),
    "selection_letter_before_withdrawn": _label(
        "By it your company had been taken off the list.",
        "原结果为已移出名单。",
    ),
    "selection_letter_contact": _label(
        "Send it to: {contact}.",
        "报送至：{contact}。",
    ),
    "selection_letter_contact_none": _label(
        "Send it to the body that issued this notice.",
        "报送至出具本告知书的机构。",
    ),
    "selection_letter_cut": _label(
        "Points needed",
        "入选分数线",
    ),
    "selection_letter_date": _label(
        "Date",
        "日期",
    ),
    "selection_letter_decided": _label(
        "Date of the decision",
        "决定日期",
    ),
    "selection_letter_expired": _label(
        "Your company was on the recommended list; its validity has ended.",
        "贵公司曾入选推荐名单，有效期已届满。",
    ),
    "selection_letter_first_hash": _label(
        "Records of the first evaluation (SHA-256)",
        "首次评价的企业记录（SHA-256）",
    ),
    "selection_letter_id": _label(
        "Enterprise identifier",
        "企业编号",
    ),
    "selection_letter_internal_assumed": _label(
        "The points are an internal estimate: weights or rules are assumed in part. They are not the "
        "official points of the science and technology authorities.",
        "本积分为内部测算结果，所用权重或规则含假设成分，并非科技主管部门发布的官方积分。",
    ),
    "selection_letter_internal_published": _label(
        "The points are an internal calculation by rules read in public reprints, not in the issuing "
        "body's own text. They are not official points.",
        "本积分由内部依据公开转载的规则文本计算，未与发布机关原文核对，并非官方积分。",
    ),
    "selection_letter_issuer": _label(
        "Issued by",
        "出具机构",
    ),
    "selection_letter_listed": _label(
        "Your company is on the recommended list.",
        "贵公司入选推荐名单。",
    ),
    "selection_letter_not_listed": _label(
        "Your company is not on the recommended list.",
        "贵公司未入选推荐名单。",
    ),
    "selection_letter_peers": _label(
        "Peer tables (SHA-256)",
        "同业分布表（SHA-256）",
    ),
    "selection_letter_points": _label(
        "Your company's points",
        "贵公司积分",
    ),
    "selection_letter_points_of": _label(
        "{points} of {max}",
        "{points} 分（满分 {max} 分）",
    ),
    "selection_letter_points_plain": _label(
        "{points}",
        "{points} 分",
    ),
    "selection_letter_points_without": _label(
        ", without what is missing",
        "，未计入缺失数据",
    ),
    "selection_letter_provide": _label(
        "What to provide",
        "需补充的资料",
    ),
    "selection_letter_provide_about": _label(
        "The rules read the following, and the record holds no value for it:",
        "规则所需的下列数据，在现有记录中缺失：",
    ),
    "selection_letter_provide_later": _label(
        "That does not change this result; providing it may raise the points of the next evaluation.",
        "以上不影响本次结果；补充后可能提高下次评价的积分。",
    ),
    "selection_letter_provide_newer": _label(
        "A newer record: the one on file is past its validity, and a review of it cannot change that. A record dated "
        "within its validity on the day of the next selection is taken into account then.",
        "请提交新的数据：现有数据已过有效期，对其复核不能改变本结果。下次遴选时，基准日仍在有效期内的数据将予以采用。",
    ),
    "selection_letter_provide_none": _label(
        "Nothing: the record holds every value that the rules read.",
        "无：规则所需数据均已具备。",
    ),
    "selection_letter_rank_of": _label(
        "{rank} of the {ranked} that are eligible; equal points share a rank",
        "第 {rank} 名（符合条件者共 {ranked} 家；积分相同者名次并列）",
    ),
    "selection_letter_reason": _label(
        "Reason",
        "原因",
    ),
    "selection_letter_records_hash": _label(
        "Records evaluated (SHA-256)",
        "企业记录（SHA-256）",
    ),
    "selection_letter_result": _label(
        "Result",
        "结果",
    ),
    "selection_letter_review": _label(
        "How to ask for a review",
        "如何申请复核",
    ),
    "selection_letter_review_about": _label(
        "If you think that a value is wrong or missing, ask for a review in writing. State the enterprise "
        "identifier, the batch and what is to be corrected, and enclose the corrected data with evidence. "
        "The review applies the same rules and the same terms of selection to a record of the same date; "
        "this result and that of the review are both kept.",
        "如认为数据有误或缺失，可书面申请复核：写明企业编号、批次及需更正的内容，并附更正后的数据和证明材料。"
        "复核适用同一规则和同一入选条件，数据基准日不变；原结果与复核结果均予保留。",
    ),
    "selection_letter_reviewed": _label(
        "This is the result of the review of {on}, on a corrected record; it replaces the decision of {before}.",
        "本结果为 {on} 依更正后的记录复核得出，取代 {before} 的决定。",
    ),
    "selection_letter_reviewed_hash": _label(
        "Record reviewed (SHA-256)",
        "复核所依据的企业记录（SHA-256）",
    ),
    "selection_letter_rulebook": _label(
        "Rulebook",
        "积分规则",
    ),
    "selection_letter_rulebook_hash": _label(
        "Rulebook (SHA-256)",
        "积分规则（SHA-256）",
    ),
    "selection_letter_seal": _label(
        "(signature and seal)",
        "（签章）",
    ),
    "selection_letter_title": _label(
        "Notice of result: recommended list of technology enterprises",
        "科技型企业推荐名单结果告知书",
    ),
    "selection_letter_withdrawn": _label(
        "Your company has been taken off the recommended list.",
        "贵公司已被移出推荐名单。",
    ),
    "selection_name": _label(
        "Name",
        "企业名称",
    ),
    "selection_no_cut": _label(
        "No cut (full score: {max} points)",
        "不设分数线（满分 {max} 分）",
    ),
    "selection_not_listed": _label(
        "Not on the list",
        "未入选企业",
    ),
    "selection_printed": _label(
        "The first {shown} of {count} are printed; all are in the file of the list.",
        "仅打印前 {shown} 家（共 {count} 家），其余见名单文件。",
    ),
    "selection_search": _label(
        "Find an enterprise by identifier or name",
        "按企业编号或名称查找",
    ),
    "selection_ties": _label(
        "Equal points at the cut are all on the list: {over} more than the places.",
        "与末位积分相同者一并入选，超出名额 {over} 家。",
    ),
    "selection_ties_none": _label(
        "Equal points at the cut would all be on the list; here they are no more than the places.",
        "与末位积分相同者一并入选，本次未超出名额。",
    ),
    "selection_title": _label("Recommended list, batch {batch}", "推荐名单（批次：{batch}）"),
    "selection_uncut": _label(
        "Fewer are eligible than there are places: all of them are on the list, there is no cut.",
        "符合条件者少于名额，不设分数线，全部入选。",
    ),
    "selection_was_valid_until": _label(
        "On the list until {until}; its validity has ended",
        "曾入选，有效期至{until}，已届满",
    ),
}
