variable "region" {
  description = "The AWS region of everything: the home region, in which every single-use write is done"
  type        = string
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is the name of an AWS region, such as us-east-1."
  }
}

variable "tables" {
  description = "Every table, by its label: rendered from the declarations of the code into tables.auto.tfvars.json"
  type = map(object({
    name                   = string
    hash_key               = string
    range_key              = optional(string)
    attributes             = list(object({ name = string, type = string }))
    indexes                = list(object({ name = string, hash_key = string, range_key = optional(string), projection = string }))
    ttl_attribute          = optional(string)
    point_in_time_recovery = bool
    deletion_protection    = bool
  }))
}

variable "table_names" {
  description = "Other names of tables, by label, such as those of an existing deployment: { users = \"our-users\" }"
  type        = map(string)
  default     = {}
}

variable "bucket" {
  description = "Name of the bucket of the recordings; the names of buckets are the world's"
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "The name of a bucket has 3 to 63 small letters, digits, dots and dashes."
  }
}

variable "older_folders" {
  description = "Folders of the bucket that hold recordings of an older deployment, such as audio: the move leaves them there"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for each in var.older_folders : can(regex("^[^*?/][^*?]*[^*?/]$", each))])
    error_message = "older_folders are names such as audio, without * and without / at either end."
  }
}

variable "app_origins" {
  description = "Origins of web pages that may upload and download recordings; an Android app needs none"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for each in var.app_origins : can(regex("^https://[^*/]+$", each))])
    error_message = "app_origins are addresses such as https://app.example.com, without a path and without *."
  }
}

variable "mail_identity" {
  description = "The domain or address of SES that mail is sent from; made here, verified by you"
  type        = string
}

variable "deletion_protection" {
  description = "Whether tables refuse to be deleted. To take a deployment away, apply with false first"
  type        = bool
  default     = true
}

variable "replica_regions" {
  description = "Other regions that hold copies of the tables, to read from when the home region is lost"
  type        = list(string)
  default     = []
}

variable "streamed_tables" {
  description = "Labels of tables whose changes are streamed"
  type        = list(string)
  default     = []
}

variable "alarm_actions" {
  description = "List of ARNs to notify when alarms trigger"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for each in var.alarm_actions : startswith(each, "arn:")])
    error_message = "alarm_actions are ARNs, such as those of SNS topics."
  }
}

variable "trail_bucket" {
  description = "Name of a bucket for CloudTrail's data events of the tables and recordings; null for no trail"
  type        = string
  default     = null
}

variable "monthly_budget" {
  description = "US dollars a month after which budget_emails are told; null for no budget"
  type        = number
  default     = null

  validation {
    condition     = var.monthly_budget == null || try(var.monthly_budget > 0, false)
    error_message = "monthly_budget is more than nothing."
  }
}

variable "budget_emails" {
  description = "Who is told of the budget"
  type        = list(string)
  default     = []
}

variable "service_principals" {
  description = "AWS services that run the backend under its role, such as ec2.amazonaws.com or ecs-tasks.amazonaws.com"
  type        = list(string)
  default     = ["ec2.amazonaws.com"]
}

variable "tags" {
  description = "Tags to apply to all resources"
  type        = map(string)
  default     = {}
}
